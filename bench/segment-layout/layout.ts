import type { Field, Filter } from './events.ts';

/** Entries of one segment. */
export const segmentSize = 1_000_000;
/** Entries of a list. */
export const pageSize = 50;
/** Fields that a facet answer counts. */
export const facetFields: readonly Field[] = ['action', 'outcome', 'module'];

/** What one candidate must answer; all candidates are compared with a brute-force count over the same events. */
export interface Layout {
  readonly name: string;
  /** Returns the indexes of the newest 50 entries that meet the filters, newest first, their entries having been read. */
  newest(filters: readonly Filter[]): Promise<number[]>;
  count(filters: readonly Filter[]): Promise<number>;
  /** Returns field → value → count. */
  facets(filters: readonly Filter[]): Promise<Map<string, number>>;
  /** Returns day (since 1970) → count. */
  days(filters: readonly Filter[]): Promise<Map<number, number>>;
}
