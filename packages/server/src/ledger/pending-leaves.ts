import type { SealedEvent } from './sealed-event.ts';

export interface PendingLeaves {
  add(firstIndex: number, events: readonly SealedEvent[]): void;
  /** Hashes of `[first, end)`, or undefined when any is not at hand; forgets all below `end`. */
  take(first: number, end: number): Buffer[] | undefined;
}

/** Beyond this the integrator reads the entries again rather than have them all held in memory. */
const leavesMax = 400_000;

/** Leaf hashes between their commit and their integration, so that the integrator need not read what was just written. */
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
