import { expect, test } from 'vitest';
import { createQuota } from './quota.ts';

test('a tenant may send ten seconds’ allowance at once and then at its rate, independent of others', () => {
  let now = 0;
  const quota = createQuota(100, () => now);
  quota.take(1, 1_000);
  expect(() => quota.take(1, 1)).toThrow(
    expect.objectContaining({ code: 'too_many_requests', retryAfterSeconds: 1 }),
  );
  quota.take(2, 1_000);
  now = 2_000;
  quota.take(1, 200);
  expect(() => quota.take(1, 50)).toThrow(expect.objectContaining({ status: 429 }));
});

test('a batch larger than ten seconds’ allowance is accepted when the allowance is full', () => {
  let now = 0;
  const quota = createQuota(10, () => now);
  quota.take(1, 5_000);
  now = 60_000;
  expect(() => quota.take(1, 1)).toThrow(/too_many|Too much|more than/);
});

test('without a limit nothing is refused', () => {
  const quota = createQuota(undefined, () => 0);
  for (let n = 0; n < 1_000; n++) quota.take(1, 10_000);
});

test('a path that is new that day counts as one more event, and one that is known counts no more', () => {
  let now = 0;
  const quota = createQuota(10, () => now);
  const paths =
    (...names: string[]) =>
    () => [new Set(names)];
  quota.take(1, 1, paths('a', 'b'));
  for (let n = 0; n < 97; n++) quota.take(1, 1, paths('a', 'b'));
  expect(() => quota.take(1, 1, paths('a'))).toThrow(expect.objectContaining({ status: 429 }));
  quota.take(2, 1, paths('a'));
  now = 86_400_000;
  quota.take(1, 97, paths('a', 'b', 'c'));
  expect(() => quota.take(1, 1)).toThrow(expect.objectContaining({ status: 429 }));
});
