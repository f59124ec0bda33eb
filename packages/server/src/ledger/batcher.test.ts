import { expect, test } from 'vitest';
import { createBatcher } from './batcher.ts';

test('callers that wait during a run share the next run, and each is served once', async () => {
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

test('when a run fails, only its callers get the error', async () => {
  let fail = true;
  const batcher = createBatcher<string>(() => (fail ? Promise.reject(new Error('no')) : Promise.resolve()));
  await expect(batcher(['a'])).rejects.toThrow('no');
  fail = false;
  await expect(batcher(['b'])).resolves.toBeUndefined();
});
