import type { EventView, OpenEvent } from '@bitacora/event';
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
  /** Entries `[first, end)`, or undefined when any is not at hand. */
  read(first: number, end: number): FollowedEntry[] | undefined;
}

/** Entry bytes held over all ledgers; a follower that is further behind reads the ledger. */
const bytesMax = 32 * 1024 * 1024;

interface Batch {
  first: number;
  bytes: number;
  entries: { at: number; event: EventView; open: OpenEvent }[];
}

/** Gives each ledger a memory of its own; together they keep within one limit, and who appended longest ago goes first. */
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
        memory.batches.push({
          first,
          bytes,
          entries: events.map(({ at, event, open }) => ({ at, event, open })),
        });
        total += bytes;
        memories.delete(memory);
        memories.add(memory);
        shrink();
      },
      read: (first, end) => readBatches(memory.batches, first, end),
    };
  };
}

function readBatches(batches: readonly Batch[], first: number, end: number): FollowedEntry[] | undefined {
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
}
