import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findInPage, packPages, readPage } from './posting-page.ts';
import { countOf, ranksOf } from '../../query/index.ts';

const universe = 4_096;
const lists = fc.uniqueArray(fc.integer({ min: 0, max: universe - 1 }), { minLength: 1, maxLength: 3_000 });
const postings = fc.dictionary(fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }), lists, {
  minKeys: 1,
  maxKeys: 40,
});

test('every key of a set of pages is read back with its ranks, in sparse and dense lists', async () => {
  await fc.assert(
    fc.asyncProperty(postings, async (given) => {
      const sorted = Object.entries(given)
        .map(([key, ranks]) => ({ key: Buffer.from(key), ranks: Uint32Array.from(ranks).sort() }))
        .sort((a, b) => a.key.compare(b.key));
      const pages = await packPages(sorted, universe);
      for (const { key, ranks } of sorted) {
        const page = pages.findLast((candidate) => candidate.firstKey.compare(key) <= 0);
        const found = findInPage(page?.bytes ?? Buffer.alloc(0), key, universe);
        expect([...ranksOf(found)]).toEqual([...ranks]);
        expect(countOf(found)).toBe(ranks.length);
      }
      const listed = pages.flatMap((page) =>
        [...readPage(page.bytes, universe)].map(({ key }) => key.toString('hex')),
      );
      expect(listed).toEqual(sorted.map(({ key }) => key.toString('hex')));
    }),
  );
});

test('a key that no page holds has no entries', async () => {
  const [page] = await packPages([{ key: Buffer.from('b'), ranks: Uint32Array.of(1, 5) }], universe);
  for (const absent of ['a', 'ba', 'c'])
    expect(countOf(findInPage(page?.bytes ?? Buffer.alloc(0), Buffer.from(absent), universe))).toBe(0);
});

test('a page stays below two kilobytes unless one list alone is longer', async () => {
  const many = Array.from({ length: 2_000 }, (_, n) => ({
    key: Buffer.from(`key${String(n).padStart(6, '0')}`),
    ranks: Uint32Array.of(n),
  }));
  const dense = { key: Buffer.from('zzz'), ranks: Uint32Array.from({ length: universe }, (_, rank) => rank) };
  const pages = await packPages([...many, dense], universe);
  for (const page of pages.slice(0, -1)) expect(page.bytes.length).toBeLessThan(2_000);
  expect(pages.length).toBeGreaterThan(5);
});
