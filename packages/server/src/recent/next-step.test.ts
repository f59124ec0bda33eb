import { expect, test } from 'vitest';
import { nextStep, stepEntriesMax } from './next-step.ts';

const limits = { entriesMaxPerLedger: 5_000 };
const head = (size: number, tag = 7) => ({ size, tag, epoch: 1 });

test('a window at the head has nothing to do', () => {
  expect(nextStep({ upTo: 10, tag: 7 }, head(10), limits)).toEqual({ kind: 'done' });
});

test("a window behind the head takes the head's tag, also when no entry is missing", () => {
  expect(nextStep({ upTo: 10, tag: 0 }, head(10), limits)).toEqual({
    kind: 'append',
    first: 10,
    end: 10,
    tag: 7,
  });
});

test('entries are added a step at a time, and only the last step takes the tag', () => {
  const size = stepEntriesMax + 5;
  expect(nextStep({ upTo: 0, tag: 1 }, head(size), limits)).toEqual({
    kind: 'append',
    first: 0,
    end: stepEntriesMax,
    tag: 0,
  });
  expect(nextStep({ upTo: stepEntriesMax, tag: 0 }, head(size), limits)).toEqual({
    kind: 'append',
    first: stepEntriesMax,
    end: size,
    tag: 7,
  });
});

test('a window that has more than the head is ahead of it', () => {
  expect(nextStep({ upTo: 11, tag: 7 }, head(10), limits)).toEqual({ kind: 'ahead' });
});

test('a window is rebuilt when more entries came than it can hold', () => {
  expect(nextStep({ upTo: 0, tag: 7 }, head(5_000), limits).kind).toBe('append');
  expect(nextStep({ upTo: 0, tag: 7 }, head(5_001), limits)).toEqual({ kind: 'refill' });
});
