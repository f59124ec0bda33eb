import { expect, test } from 'vitest';
import { createBoundedMap } from './bounded-map.ts';

test('a full map drops its oldest entry, one that was set again is not the oldest', () => {
  const map = createBoundedMap<string, number>(2);
  const values = (): readonly (number | undefined)[] => ['a', 'b', 'c'].map(map.get);
  map.set('a', 1);
  map.set('b', 2);
  expect(values()).toEqual([1, 2, undefined]);
  map.set('a', 3);
  map.set('c', 4);
  expect(values()).toEqual([3, undefined, 4]);
  map.delete('a');
  map.set('b', 5);
  expect(values()).toEqual([undefined, 5, 4]);
  map.clear();
  expect(values()).toEqual([undefined, undefined, undefined]);
});
