import type { Field, Filter } from './events.ts';

/** Entries of one segment. */
export const segmentSize = 1_000_000;
/** Entries of a list. */
export const pageSize = 50;
/** Fields that a facet answer counts. */
export const facetFields: readonly Field[] = ['action', 'outcome', 'module'];

/** The questions that a candidate must answer. All answers are compared with a count over the same events. */
export interface Layout {
  readonly name: string;
  /** Reads the newest 50 entries that meet the filters, and returns their indexes, newest first. */
  newest(filters: readonly Filter[]): Promise<number[]>;
  count(filters: readonly Filter[]): Promise<number>;
  /** Returns field → value → count. */
  facets(filters: readonly Filter[]): Promise<Map<string, number>>;
  /** Returns day (since 1970) → count. */
  days(filters: readonly Filter[]): Promise<Map<number, number>>;
}
