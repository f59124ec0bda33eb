import { type Events, type Field, type Filter, meets } from './events.ts';
import { facetFields, pageSize } from './layout.ts';
import { seeded } from './seeded.ts';
import { texts } from './texts.ts';

/** The questions of one run. Their values are drawn from the events, so frequent values are asked for more often. */
export interface Questions {
  readonly oneFilter: Filter[][];
  readonly twoFilters: Filter[][];
  readonly zeroResults: Filter[][];
  readonly counts: Filter[][];
  readonly numbers: Filter[][];
}

/** Draws the questions; `zeroResults` are pairs of values that exist, but never together. */
export function drawQuestions(events: Events): Questions {
  const random = seeded(7);
  const some = (field: Field, index = random.below(events.count)): Filter => ({
    field,
    value: events[field][index] ?? 0,
  });
  const pair = (a: Field, b: Field): Filter[] => {
    const index = random.below(events.count);
    return [some(a, index), some(b, index)];
  };
  const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
  const zero = (a: Field, b: Field): Filter[] => {
    // Among many millions of events nearly every pair of frequent values occurs. After some tries, take a session and a
    // target that never occur together.
    for (let tries = 0; tries < 8; tries++) {
      const filters = [some(a), some(b)];
      if (countOf(events, filters) === 0) return filters;
    }
    return [some('session', 0), some('target', events.count - 1)];
  };
  const failure: Filter = { field: 'outcome', value: 1 };
  return {
    oneFilter: indexed.flatMap((field) => times(8, () => [some(field)])),
    twoFilters: [
      ...times(10, () => pair('actor', 'action')),
      ...times(10, () => [some('action'), failure]),
      ...times(10, () => [some('actor'), failure]),
      ...times(5, () => pair('target', 'action')),
      ...times(5, () => pair('session', 'actor')),
    ],
    zeroResults: [
      ...times(8, () => zero('actor', 'action')),
      ...times(6, () => zero('target', 'action')),
      ...times(6, () => zero('actor', 'target')),
    ],
    counts: [...times(8, () => pair('actor', 'action')), ...times(4, () => [some('action'), failure])],
    numbers: [[failure], [some('actor')], [some('action')], [some('actor'), failure]],
  };
}

const indexed: readonly Field[] = ['actor', 'action', 'target', 'correlation', 'session'];

/** Counts by brute force. */
export function countOf(events: Events, filters: readonly Filter[]): number {
  let count = 0;
  for (let i = 0; i < events.count; i++) if (meets(events, i, filters)) count++;
  return count;
}

/** Finds the newest by brute force. */
export function newestOf(events: Events, filters: readonly Filter[]): number[] {
  const found: number[] = [];
  for (let i = 0; i < events.count; i++) if (meets(events, i, filters)) found.push(i);
  return found.sort((a, b) => (events.at[b] ?? 0) - (events.at[a] ?? 0) || b - a).slice(0, pageSize);
}

/** Counts per facet value by brute force, as `field:text`. */
export function facetsOf(events: Events, filters: readonly Filter[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < events.count; i++) {
    if (!meets(events, i, filters)) continue;
    for (const field of facetFields) {
      const name = `${field}:${texts[field](events[field][i] ?? 0)}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
}

/** Counts per day by brute force. */
export function daysOf(events: Events, filters: readonly Filter[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < events.count; i++) {
    if (!meets(events, i, filters)) continue;
    const day = Math.floor((events.at[i] ?? 0) / 86_400_000);
    counts.set(day, (counts.get(day) ?? 0) + 1);
  }
  return counts;
}
