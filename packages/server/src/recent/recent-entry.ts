import type { EventView, OpenEvent } from '@bitacora/event';

/**
 * Where an entry stands in the order of time. Of two entries of the same moment, the one with the greater index is newer.
 */
export interface RecentPlace {
  /** ms */
  at: number;
  index: number;
}

/** An entry as recent holds it: the members that a search shows, and `open`, from which its terms are made. */
export interface RecentEntry extends RecentPlace {
  id: string;
  ledger: string;
  ingestedAt: string;
  event: EventView;
  open: OpenEvent;
  /** Names of groups whose stored values were changed after the entry was appended. */
  altered?: string[];
}

export function comparePlaces(a: RecentPlace, b: RecentPlace): number {
  return a.at - b.at || a.index - b.index;
}

export function later(a: RecentPlace | undefined, b: RecentPlace | undefined): RecentPlace | undefined {
  if (!a || !b) return a ?? b;
  return comparePlaces(a, b) < 0 ? b : a;
}
