import type { RankSet } from './rank-set.ts';

/** One value of a field in a span, and the entries that have it. */
export interface FieldValue {
  value: string;
  count: number;
  /** Each call decodes the set again, so a caller that needs it twice keeps it. */
  set: () => RankSet;
}

/**
 * A run of entries ranked by (at, index), oldest first, with the set of ranks of every key. Complete spans are stored and
 * never change; the newest entries form a span in memory.
 */
export interface Span {
  readonly count: number;
  readonly firstIndex: number;
  readonly leastAt: number;
  readonly greatestAt: number;
  /** The set of each key, in the order of the keys. */
  lookup(keys: readonly string[]): Promise<RankSet[]>;
  /** All values of a field that pass, with how many entries have each. */
  scan(field: string, test: (value: string) => boolean): Promise<FieldValue[]>;
  /** How often each value of a field occurs in a set of this span. */
  counts(field: string, set: RankSet): Promise<ReadonlyMap<string, number>>;
  ranks(): Promise<Ranks>;
}

/** Time and index of each rank. */
export interface Ranks {
  /** Milliseconds, ascending. */
  readonly ats: Float64Array;
  /** Index minus the span's first. */
  readonly offsets: Uint32Array;
}

/** The first rank whose time is not before `at`. */
export function rankOfTime(ranks: Ranks, at: number): number {
  let low = 0;
  let high = ranks.ats.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranks.ats[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The rank of the first entry at or after (at, index). */
export function rankOfPlace(ranks: Ranks, place: { at: number; offset: number }): number {
  let rank = rankOfTime(ranks, place.at);
  while (ranks.ats[rank] === place.at && (ranks.offsets[rank] ?? 0) < place.offset) rank++;
  return rank;
}
