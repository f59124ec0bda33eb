import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createLoopTurns, eachInTurn } from './loop-turns.ts';

/** Turns with a clock that moves only when work is done. */
function thread() {
  let now = 0;
  const turns = createLoopTurns(() => now);
  const done = new Map<string, number>();
  const numbers = Array.from({ length: 200 }, (_, n) => n);
  /** Two hundred steps of half a millisecond each. */
  const long = (tenant: number, name: string): Promise<number[]> =>
    turns.call(tenant, { waits: true }, () =>
      turns.each(numbers, (n) => {
        now += 0.5;
        done.set(name, n + 1);
        return n * 2;
      }),
    );
  const loops = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) await setImmediate();
  };
  return {
    turns,
    long,
    loops,
    steps: (name: string) => done.get(name) ?? 0,
    pass: (ms: number) => (now += ms),
  };
}

test('X10 long work is done in pieces, completely and in order, and fails with its own error', async () => {
  const { turns, long } = thread();
  expect(await long(1, 'a')).toEqual(Array.from({ length: 200 }, (_, n) => n * 2));
  const failing = turns.call(1, { waits: true }, () =>
    turns.each(Array.from({ length: 100 }), () => {
      throw new Error('of the map');
    }),
  );
  await expect(failing).rejects.toThrow('of the map');
  expect(await eachInTurn([1, 2], (n) => n + 1, undefined)).toEqual([2, 3]);
});

test('X10 long work pauses while a quick call of another tenant runs, and continues after it', async () => {
  const { turns, long, loops, steps } = thread();
  const heavy = long(1, 'a');
  await loops(5);
  const before = steps('a');
  expect(before).toBeGreaterThan(0);
  await turns.call(2, { waits: true }, async () => {
    await loops(50);
    // Only the piece that had begun is finished.
    expect(steps('a') - before).toBeLessThanOrEqual(2);
  });
  await heavy;
  expect(steps('a')).toBe(200);
});

test('X10 when quick calls never stop, long work still does a piece from time to time', async () => {
  const { turns, long, loops, steps, pass } = thread();
  let going = true;
  const endless = (async () => {
    while (going) await turns.call(2, { waits: true }, () => loops(3).then(() => void pass(1)));
  })();
  const heavy = long(1, 'a');
  await heavy;
  expect(steps('a')).toBe(200);
  going = false;
  await endless;
});

test('X10 a call that takes long does not count as quick, and the long work of two tenants takes turns', async () => {
  const { long, loops, steps } = thread();
  const both = [long(1, 'a'), long(2, 'b')];
  await loops(60);
  expect(steps('a')).toBeGreaterThan(20);
  expect(steps('b')).toBeGreaterThan(20);
  await Promise.all(both);
});

test('X10 two calls of a tenant continue their long work, whatever work was begun and abandoned before', async () => {
  const { turns, long, loops, steps } = thread();
  // Work that a call began and did not wait for does not count as work of the call.
  const left: Promise<unknown>[] = [];
  for (let n = 0; n < 3; n++)
    await turns.call(1, { waits: true }, async () => {
      left.push(setImmediate().then(() => turns.each(Array.from({ length: 100 }), () => n)));
      await loops(1);
    });
  await Promise.all(left);
  const three = ['a', 'b', 'c'].map((name) => long(1, name));
  await loops(100);
  expect(['a', 'b', 'c'].map((name) => steps(name) > 20)).toEqual([true, true, false]);
  await Promise.all(three);
  expect(steps('c')).toBe(200);
});

test('X10 a tenant with several calls at work begins another after the quick call of a tenant with fewer was answered', async () => {
  const { turns, loops } = thread();
  const order: string[] = [];
  const call = (tenant: number, name: string): Promise<void> =>
    turns.call(tenant, { waits: true }, async () => {
      order.push(`${name} begins`);
      await loops(3);
      order.push(`${name} ends`);
    });
  await Promise.all([call(1, 'a'), call(2, 'quick'), call(1, 'b')]);
  expect(order.indexOf('b begins')).toBeGreaterThan(order.indexOf('quick ends'));
  expect(order.indexOf('quick begins')).toBe(1);
});
