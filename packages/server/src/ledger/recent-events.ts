import {
  groupNames,
  join,
  parseEntry,
  type EventView,
  type GroupName,
  type GroupValues,
  type OpenEvent,
} from '@bitacora/event';
import { parseValues, type EntryView } from './event-views.ts';
import type { SealedEvent } from './sealed-event.ts';

/** An entry as followers see it. */
export interface FollowedEntry {
  index: number;
  /** ms */
  at: number;
  event: EventView;
  open: OpenEvent;
}

/** The events this process appended last, so that its followers need not read, parse and decrypt them again. */
export interface RecentEvents {
  add(firstIndex: number, events: readonly SealedEvent[]): void;
  /** Entries `[first, end)`, or undefined when one of them is not in memory. */
  read(first: number, end: number): FollowedEntry[] | undefined;
  /** The same entries in the form that `eventViews` reads from the database, or undefined. */
  views(first: number, end: number): EntryView[] | undefined;
}

/** Entry bytes held over all ledgers; a follower that is further behind reads the ledger. */
const bytesMax = 16 * 1024 * 1024;

interface Batch {
  first: number;
  bytes: number;
  entries: readonly SealedEvent[];
}

/** Makes one memory per ledger. All share one limit: beyond it, the ledger whose last append is oldest loses its events first. */
export function createRecentMemory(): () => RecentEvents {
  const memories = new Set<{ batches: Batch[] }>();
  let total = 0;
  const forget = (memory: { batches: Batch[] }, batches: readonly Batch[]): void => {
    for (const batch of batches) total -= batch.bytes;
    memory.batches = memory.batches.slice(batches.length);
  };
  const shrink = (): void => {
    for (const memory of memories) {
      while (total > bytesMax && memory.batches.length > 0) forget(memory, memory.batches.slice(0, 1));
      if (total <= bytesMax) return;
    }
  };
  return () => {
    const memory: { batches: Batch[] } = { batches: [] };
    return {
      add(first, events) {
        const last = memory.batches.at(-1);
        if (last && last.first + last.entries.length !== first) forget(memory, memory.batches);
        const bytes = events.reduce((sum, event) => sum + event.entry.length + event.values.length, 0);
        memory.batches.push({ first, bytes, entries: events });
        total += bytes;
        memories.delete(memory);
        memories.add(memory);
        shrink();
      },
      read: (first, end) =>
        sealedIn(memory.batches, first, end)?.map(({ at, event, open }, offset) => ({
          index: first + offset,
          at,
          event,
          open,
        })),
      views(first, end) {
        const views = sealedIn(memory.batches, first, end)?.map((sealed, offset) =>
          viewOf(sealed, first + offset),
        );
        return views?.every((view) => view !== undefined) === true ? views : undefined;
      },
    };
  };
}

function sealedIn(batches: readonly Batch[], first: number, end: number): SealedEvent[] | undefined {
  const start = batches[0]?.first;
  const last = batches.at(-1);
  if (start === undefined || !last || first < start || end > last.first + last.entries.length)
    return undefined;
  return batches.flatMap((batch) =>
    batch.entries.slice(Math.max(0, first - batch.first), Math.max(0, end - batch.first)),
  );
}

/** Parses the entry's bytes, so that the view equals the one that is read from the database. */
function viewOf({ entry: text, leafHash, canonical }: SealedEvent, index: number): EntryView | undefined {
  if (!canonical) return undefined;
  const entry = parseEntry(text);
  const values: { [Name in GroupName]?: GroupValues } = {};
  for (const name of groupNames) {
    const group = canonical[name];
    if (group !== undefined) values[name] = parseValues(group);
  }
  const { ledger, ingestedAt, open } = entry;
  return { index, id: open.id, ledger, ingestedAt, leafHash, open, event: join(open, values) };
}
