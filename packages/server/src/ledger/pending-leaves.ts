import type { SealedEvent } from './sealed-event.ts';

export interface PendingLeaves {
  add(firstIndex: number, events: readonly SealedEvent[]): void;
  /** Hashes of `[first, end)`, or undefined when one is missing; forgets all below `end`. */
  take(first: number, end: number): Buffer[] | undefined;
}

/** At the limit the held hashes are dropped, and the integrator reads the entries again. */
const leavesMax = 400_000;

/** Holds leaf hashes from their commit until their integration, so that the integrator need not read the new entries. */
export function createPendingLeaves(): PendingLeaves {
  let start = 0;
  let hashes: Buffer[] = [];
  return {
    add(firstIndex, events) {
      if (firstIndex !== start + hashes.length || hashes.length + events.length > leavesMax) {
        start = firstIndex;
        hashes = [];
      }
      for (const event of events) hashes.push(event.leafHash);
    },
    take(first, end) {
      const complete = first >= start && end <= start + hashes.length;
      const taken = complete ? hashes.slice(first - start, end - start) : undefined;
      if (end > start) {
        hashes = hashes.slice(Math.max(0, end - start));
        start = Math.max(start, end);
      }
      return taken;
    },
  };
}
