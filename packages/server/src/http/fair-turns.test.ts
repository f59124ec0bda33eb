import { expect, test } from 'vitest';
import { createFairTurns } from './fair-turns.ts';

function turns(limits: { atOnceMax: number; perKeyMax: number; waitingMax: number }) {
  const fair = createFairTurns<string>(limits);
  const began: string[] = [];
  const ends = new Map<string, () => void>();
  const start = (key: string, name: string): boolean => {
    const answer = fair.run(key, () => {
      began.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    });
    return answer !== undefined;
  };
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await new Promise((resolve) => setTimeout(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { fair, began, start, end };
}

test('X10 one key never has all places, and the next free place goes to a key that has none', async () => {
  const { began, start, end } = turns({ atOnceMax: 3, perKeyMax: 2, waitingMax: 100 });
  for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) start('a', name);
  expect(began).toEqual(['a1', 'a2']);
  start('b', 'b1');
  expect(began).toEqual(['a1', 'a2', 'b1']);
  start('c', 'c1');
  start('b', 'b2');
  await end('a1');
  expect(began.slice(3)).toEqual(['a3']);
  await end('a2');
  await end('a3');
  await end('b1');
  // The keys take turns, so not all work of `a` comes first.
  expect(began.slice(4)).toEqual(['c1', 'b2', 'a4']);
});

test('X10 at most the limit of calls of a key wait, and further calls are refused at once', async () => {
  const { began, start, end } = turns({ atOnceMax: 1, perKeyMax: 1, waitingMax: 2 });
  expect(['1', '2', '3', '4'].map((name) => start('a', name))).toEqual([true, true, true, false]);
  expect(start('b', 'b')).toBe(true);
  await end('1');
  expect(start('a', '5')).toBe(true);
  for (const name of ['2', 'b', '3', '5']) await end(name);
  expect(began.toSorted()).toEqual(['1', '2', '3', '5', 'b']);
});

test('X10 work that fails frees its place, and only its caller gets the error', async () => {
  const fair = createFairTurns<string>({ atOnceMax: 1, perKeyMax: 1, waitingMax: 10 });
  const failing = fair.run('a', () => Promise.reject(new Error('of a')));
  const thrown = fair.run('a', () => {
    throw new Error('at once');
  });
  const fine = fair.run('b', () => Promise.resolve('of b'));
  await expect(failing).rejects.toThrow('of a');
  await expect(thrown).rejects.toThrow('at once');
  expect(await fine).toBe('of b');
  expect(await fair.run('a', () => Promise.resolve('again'))).toBe('again');
});

test('X10 ten thousand pieces of work in random order all end, and at most the limit run at once', async () => {
  const limits = { atOnceMax: 5, perKeyMax: 2, waitingMax: 10_000 };
  const fair = createFairTurns<number>(limits);
  const running = new Map<number, number>();
  let atOnce = 0;
  let most = 0;
  const results = await Promise.all(
    Array.from({ length: 10_000 }, (_, n) => {
      const key = n % 7 === 0 ? n % 11 : 0;
      return fair.run(key, async () => {
        running.set(key, (running.get(key) ?? 0) + 1);
        most = Math.max(most, ++atOnce);
        expect(running.get(key)).toBeLessThanOrEqual(limits.perKeyMax);
        await (n % 3 === 0 ? Promise.resolve() : new Promise((resolve) => setImmediate(resolve)));
        running.set(key, (running.get(key) ?? 0) - 1);
        atOnce--;
        return n;
      });
    }).map((answer) => Promise.resolve(answer)),
  );
  expect(results).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
  expect(most).toBe(limits.atOnceMax);
});
