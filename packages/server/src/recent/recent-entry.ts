import type { EventView, OpenEvent } from '@bitacora/event';

/** Where an entry stands in the order of time; of one moment, the later index is the newer. */
export interface RecentPlace {
  /** ms */
  at: number;
  index: number;
}

/** An entry as recent holds it: what a search shows, and `open` for what it is found by. */
export interface RecentEntry extends RecentPlace {
  id: string;
  ledger: string;
  ingestedAt: string;
  event: EventView;
  open: OpenEvent;
  /** Names of groups whose values were changed by somebody. */
  altered?: string[];
}

export function comparePlaces(a: RecentPlace, b: RecentPlace): number {
  return a.at - b.at || a.index - b.index;
}

export function later(a: RecentPlace | undefined, b: RecentPlace | undefined): RecentPlace | undefined {
  if (!a || !b) return a ?? b;
  return comparePlaces(a, b) < 0 ? b : a;
}
