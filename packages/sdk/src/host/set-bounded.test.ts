import { expect, test } from 'vitest';
import { setBounded } from './set-bounded.ts';

test('a full map drops its oldest entry, and one that was set again is not the oldest', () => {
  const map = new Map<string, number>();
  const set = (key: string, value: number): void => setBounded(map, 2, { key, value });
  set('a', 1);
  set('b', 2);
  expect([...map]).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
  set('a', 3);
  set('c', 4);
  expect([...map]).toEqual([
    ['a', 3],
    ['c', 4],
  ]);
  map.delete('a');
  set('b', 5);
  expect([...map.keys()]).toEqual(['c', 'b']);
});
