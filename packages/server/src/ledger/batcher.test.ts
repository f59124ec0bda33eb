import { expect, test } from 'vitest';
import { createBatcher } from './batcher.ts';

test('callers share the run after the one under way, and each is served once', async () => {
  const runs: number[][] = [];
  let release = (): void => undefined;
  const batcher = createBatcher<number>(async (items) => {
    runs.push([...items]);
    if (runs.length === 1) await new Promise<void>((resolve) => (release = resolve));
  });
  const first = batcher([1]);
  await Promise.resolve().then(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const others = [batcher([2, 3]), batcher([4])];
  release();
  await Promise.all([first, ...others]);
  expect(runs).toEqual([[1], [2, 3, 4]]);
});

test('a failed run fails its callers only', async () => {
  let fail = true;
  const batcher = createBatcher<string>(() => (fail ? Promise.reject(new Error('no')) : Promise.resolve()));
  await expect(batcher(['a'])).rejects.toThrow('no');
  fail = false;
  await expect(batcher(['b'])).resolves.toBeUndefined();
});
