import { expect, test } from 'vitest';
import { createReceiptSample } from './receipt-sample.ts';

const leafHash = Buffer.alloc(32, 7).toString('base64');

test('a value that is not a receipt is not kept', () => {
  const { add, waiting } = createReceiptSample(10);
  const wrong = [
    { index: -1, leafHash },
    { index: 1.5, leafHash },
    { index: 1, leafHash: '' },
    { index: 1, leafHash: leafHash.slice(4) },
    JSON.parse('{"index":1}'),
  ];
  expect(wrong.map(add)).toEqual(wrong.map(() => false));
  expect(waiting()).toEqual([]);
});

test('at most the limit of receipts wait, each with the same chance, and receipts that are done make room', () => {
  const { add, waiting, remove } = createReceiptSample(10);
  for (let index = 0; index < 1_000; index++) add({ index, leafHash });
  const kept = waiting().map(({ receipt }) => receipt.index);
  expect(kept).toHaveLength(10);
  expect(kept).toEqual(kept.toSorted((one, other) => one - other));
  // That all ten come from the first hundred, or none from the last five hundred, has a probability of about 1 in a thousand
  // million.
  expect(kept.some((index) => index >= 100)).toBe(true);
  remove(new Set(waiting()));
  expect(add({ index: 1_000, leafHash })).toBe(true);
  expect(waiting()).toHaveLength(1);
});
