import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLiveSpan } from './live-span.ts';
import { ranksOf } from '../../query/index.ts';

test('entries are ranked by time and then by index, however they arrive', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 200 }),
      async (ats) => {
        const span = createLiveSpan(1_000);
        ats.forEach((at, offset) => span.add(at, new Set([`n\u0000${offset % 3}`])));
        const sorted = ats
          .map((at, offset) => ({ at, offset }))
          .sort((a, b) => a.at - b.at || a.offset - b.offset);
        const ranks = await span.view().ranks();
        expect([...ranks.offsets]).toEqual(sorted.map(({ offset }) => offset));
        expect([...ranks.ats]).toEqual(sorted.map(({ at }) => at));
      },
    ),
  );
});

test('a view does not change when the span grows', async () => {
  const span = createLiveSpan(0);
  span.add(10, new Set(['k']));
  span.add(5, new Set(['k', 'other']));
  const view = span.view();
  for (let n = 0; n < 100; n++) span.add(n, new Set(['k', 'late']));
  const [k, late] = await view.lookup(['k', 'late']);
  expect(k && [...ranksOf(k)]).toEqual([0, 1]);
  expect(late && [...ranksOf(late)]).toEqual([]);
  expect(view.count).toBe(2);
  expect(span.view().count).toBe(102);
});

test("values and their counts are those of the view's moment, whether they are read before or after the span grew", async () => {
  const span = createLiveSpan(0);
  const add = (at: number, value: string): void => span.add(at, new Set([`n\u0000${value}`]));
  add(10, 'a');
  add(5, 'b');
  const view = span.view();
  const scanned = async (of: typeof view): Promise<unknown> =>
    (await of.scan('n', () => true)).map(({ value, count, set }) => [value, count, [...ranksOf(set())]]);
  const untouched = span.view();
  expect(await scanned(view)).toEqual([
    ['a', 1, [1]],
    ['b', 1, [0]],
  ]);
  for (const value of ['a', 'a', 'c']) add(20, value);
  for (const current of [view, untouched])
    expect(await scanned(current)).toEqual([
      ['a', 1, [1]],
      ['b', 1, [0]],
    ]);
  expect(await scanned(span.view())).toEqual([
    ['a', 3, [1, 2, 3]],
    ['b', 1, [0]],
    ['c', 1, [4]],
  ]);
  // More fields than the limit of fields in memory.
  for (let n = 0; n < 40; n++) expect(await span.view().scan(`f${n}`, () => true)).toEqual([]);
  expect(await span.view().counts('n', (await span.view().lookup(['n\u0000a']))[0] as never)).toEqual(
    new Map([['a', 3]]),
  );
});

test('the values of fields that are kept in memory are limited', async () => {
  const span = createLiveSpan(0);
  for (let n = 0; n < 12_000; n++) span.add(n, new Set([`few\u0000x`, `a\u0000${n}`, `b\u0000${n}`]));
  const view = span.view();
  const few = async (): Promise<unknown> => (await view.scan('few', () => true))[0];
  const first = await few();
  await view.scan('a', () => false);
  expect(await few()).toBe(first);
  expect(await view.scan('b', () => true)).toHaveLength(12_000);
  expect(await few()).not.toBe(first);
});
