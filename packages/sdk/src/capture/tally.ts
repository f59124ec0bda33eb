import type { DropReason } from '../delivery.ts';

/** Counts the outcomes of an instance's events. Events that are not counted here wait in a queue. */
export interface Tally {
  submitted: number;
  delivered: number;
  outboxed: number;
  readonly rejectedBy: Map<string, number>;
  readonly droppedBy: Map<DropReason, number>;
}

export function createTally(): Tally {
  return { submitted: 0, delivered: 0, outboxed: 0, rejectedBy: new Map(), droppedBy: new Map() };
}

export function increase<Key>(counts: Map<Key, number>, key: Key, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

export function sumOf(counts: ReadonlyMap<unknown, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}
