import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  countBetween,
  countCommon,
  countOf,
  has,
  intersect,
  listSet,
  pick,
  rangeSet,
  ranksOf,
  subtract,
  unite,
} from './rank-set.ts';

const universe = 1_000;
const ranks = fc.uniqueArray(fc.integer({ min: 0, max: universe - 1 }), { maxLength: universe });
const setOf = (list: number[]) => listSet(universe, Uint32Array.from(list).sort());
const ascending = (list: Iterable<number>): number[] => [...list].sort((a, b) => a - b);

test('set operations agree with JavaScript sets, sparse or dense', () => {
  fc.assert(
    fc.property(ranks, ranks, (a, b) => {
      const x = setOf(a);
      const y = setOf(b);
      expect([...ranksOf(intersect(x, y))]).toEqual(ascending(a.filter((rank) => b.includes(rank))));
      expect([...ranksOf(subtract(x, y))]).toEqual(ascending(a.filter((rank) => !b.includes(rank))));
      expect([...ranksOf(unite([x, y], universe))]).toEqual(ascending(new Set([...a, ...b])));
      expect(countCommon(x, y)).toBe(countOf(intersect(x, y)));
      for (const rank of [0, 31, 32, 999]) expect(has(x, rank)).toBe(a.includes(rank));
    }),
  );
});

test('ranges, counts between and picks agree with filtering', () => {
  const edge = fc.integer({ min: 0, max: universe });
  fc.assert(
    fc.property(ranks, edge, edge, fc.integer({ min: 1, max: 50 }), (list, one, other, limit) => {
      const [start, end] = one < other ? [one, other] : [other, one];
      const inside = ascending(list.filter((rank) => rank >= start && rank < end));
      const set = setOf(list);
      expect(countBetween(set, start, end)).toBe(inside.length);
      expect([...ranksOf(rangeSet(universe, start, end))]).toEqual(
        Array.from({ length: end - start }, (_, n) => start + n),
      );
      expect(pick(set, { start, end, limit, ascending: true })).toEqual(inside.slice(0, limit));
      expect(pick(set, { start, end, limit, ascending: false })).toEqual(inside.toReversed().slice(0, limit));
    }),
  );
});

test('a bitmap that lost most of its ranks is intersected with a longer list', () => {
  const sparse = intersect(rangeSet(3_200, 0, 1_600), rangeSet(3_200, 1_598, 3_200));
  expect([sparse.kind, countOf(sparse)]).toEqual(['bitmap', 2]);
  const list = listSet(3_200, Uint32Array.from([1, 1_599, 1_600]));
  expect(list.kind).toBe('list');
  for (const both of [intersect(sparse, list), intersect(list, sparse)])
    expect([...ranksOf(both)]).toEqual([1_599]);
});
