import type { AuditEvent, EventView } from '@bitacora/event';
import type { SealedEvent } from './sealed-event.ts';

/** An entry as followers see it. */
export interface FollowedEntry {
  index: number;
  /** ms */
  at: number;
  event: EventView;
}

export interface RecentEvents {
  add(firstIndex: number, events: readonly SealedEvent[]): void;
  /** Entries `[first, end)`, or undefined when any is not at hand. */
  read(first: number, end: number): FollowedEntry[] | undefined;
}

/** About 40 MB; a follower that is further behind reads the ledger. */
const eventsMax = 20_000;

/** The events this process appended last, so that its followers need not read, parse and decrypt them again. */
export function createRecentEvents(): RecentEvents {
  let batches: { first: number; entries: { at: number; event: AuditEvent }[] }[] = [];
  let held = 0;
  return {
    add(firstIndex, events) {
      const last = batches.at(-1);
      if (last && last.first + last.entries.length !== firstIndex) {
        batches = [];
        held = 0;
      }
      batches.push({ first: firstIndex, entries: events.map(({ at, event }) => ({ at, event })) });
      held += events.length;
      while (held > eventsMax && batches.length > 1) held -= batches.shift()?.entries.length ?? 0;
    },
    read(first, end) {
      const start = batches[0]?.first;
      const last = batches.at(-1);
      if (start === undefined || !last || first < start || end > last.first + last.entries.length)
        return undefined;
      const found: FollowedEntry[] = [];
      for (const batch of batches) {
        const from = Math.max(first, batch.first);
        const to = Math.min(end, batch.first + batch.entries.length);
        for (let index = from; index < to; index++) {
          const entry = batch.entries[index - batch.first];
          if (entry) found.push({ index, ...entry });
        }
      }
      return found;
    },
  };
}
