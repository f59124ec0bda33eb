import { expect, test } from 'vitest';
import { parseRetryAfter, retryWaitMs } from './retry-gate.ts';

test('waits are random, and their upper bound doubles up to the limit', () => {
  expect([1, 2, 3, 99].map((failures) => retryWaitMs(failures, 60_000, () => 1))).toEqual([
    500, 1_000, 2_000, 60_000,
  ]);
  expect(retryWaitMs(5, 60_000, () => 0)).toBe(0);
});

test('Retry-After is read as seconds and as a date', () => {
  const now = Date.parse('2026-03-01T00:00:00Z');
  expect(parseRetryAfter('3', now)).toBe(3_000);
  expect(parseRetryAfter('Sun, 01 Mar 2026 00:00:09 GMT', now)).toBe(9_000);
  expect(parseRetryAfter('Sat, 28 Feb 2026 00:00:00 GMT', now)).toBe(0);
  expect(parseRetryAfter('soon', now)).toBeUndefined();
});
