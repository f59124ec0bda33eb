import { countCommon, countOf, ranksOf, type FieldValue, type RankSet } from '../../query/index.ts';

/** A field with at most one value in each entry, as a column: rank → place in `values` + 1, or 0. */
export interface FieldColumn {
  values: string[];
  ordinals: Uint16Array | Uint32Array;
}

/** The column of a field, or undefined when an entry has two values of it. */
export function columnOf(values: readonly FieldValue[], count: number): FieldColumn | undefined {
  if (values.reduce((sum, value) => sum + value.count, 0) > count) return undefined;
  const ordinals = values.length < 0xffff ? new Uint16Array(count) : new Uint32Array(count);
  for (const [place, { set }] of values.entries()) {
    for (const rank of ranksOf(set())) {
      if (ordinals[rank] !== 0) return undefined;
      ordinals[rank] = place + 1;
    }
  }
  return { values: values.map(({ value }) => value), ordinals };
}

/** How often each value occurs in a set. Takes one step for each entry, however many values there are. */
export function countColumn({ values, ordinals }: FieldColumn, set: RankSet): Map<string, number> {
  const counts = new Uint32Array(values.length + 1);
  for (const rank of ranksOf(set)) {
    const ordinal = ordinals[rank] ?? 0;
    counts[ordinal] = (counts[ordinal] ?? 0) + 1;
  }
  const countOfValue = new Map<string, number>();
  for (const [place, value] of values.entries()) {
    const count = counts[place + 1] ?? 0;
    if (count > 0) countOfValue.set(value, count);
  }
  return countOfValue;
}

/** Counts each value by itself: for a field with several values in an entry, and for spans that still change. */
export function countValues(values: readonly FieldValue[], set: RankSet, size: number): Map<string, number> {
  const whole = countOf(set) === size;
  const countOfValue = new Map<string, number>();
  for (const value of values) {
    const count = whole ? value.count : countCommon(set, value.set());
    if (count > 0) countOfValue.set(value.value, count);
  }
  return countOfValue;
}
