import { expect, test } from 'vitest';
import { createTokenBuckets } from './token-buckets.ts';

function buckets(more: { perSecond?: number; keysMax?: number } = {}) {
  let now = 0;
  const made = createTokenBuckets<string>({ perSecond: 2, keysMax: 100, clock: () => now, ...more });
  return { ...made, pass: (seconds: number) => (now += seconds * 1_000) };
}

test('X10 ten seconds’ allowance may be used at once, then the rate applies; a refusal says how long to wait and costs nothing', () => {
  const { take, wait, pass } = buckets();
  expect([wait('a', 20), wait('a', 21)]).toEqual([undefined, 1]);
  for (let count = 0; count < 20; count++) expect(take('a', 1)).toBeUndefined();
  expect([take('a', 1), wait('a', 1), take('a', 3)]).toEqual([1, 1, 2]);
  pass(0.5);
  expect([take('a', 1), take('a', 1)]).toEqual([undefined, 1]);
  pass(3_600);
  expect(take('a', 20)).toBeUndefined();
  expect(take('a', 1)).toBe(1);
});

test('X10 one key takes nothing from another', () => {
  const { take } = buckets();
  while (take('a', 1) === undefined);
  expect(take('b', 20)).toBeUndefined();
});

test('X10 work is charged after it is done, down to a debt of one minute', () => {
  const { take, charge, pass } = buckets();
  charge('a', 30);
  expect(take('a', 1)).toBe(6);
  charge('a', 1_000_000);
  expect(take('a', 1)).toBe(61);
  pass(61);
  expect(take('a', 1)).toBeUndefined();
});

test('X10 an allowance that is given back never exceeds the full allowance', () => {
  const { take, charge } = buckets();
  charge('a', -1_000);
  expect([take('a', 20), take('a', 1)]).toEqual([undefined, 1]);
});

test('X10 a million keys take no more memory than a hundred, and those used longest ago are dropped', () => {
  const { take } = buckets();
  while (take('used', 1) === undefined);
  for (let key = 0; key < 1_000_000; key++) {
    take(`k${key}`, 20);
    if (key % 50 === 0) expect(take('used', 1)).toBe(1);
  }
  expect(take('k999999', 1)).toBe(1);
  expect(take('k0', 20)).toBeUndefined();
});

test('X10 a clock that goes back changes no allowance', () => {
  const { take, pass } = buckets();
  take('a', 15);
  pass(-1_000);
  expect([take('a', 5), take('a', 1)]).toEqual([undefined, 1]);
});
