import { uuidV7 } from '@bitacora/event';
import { expect, test } from 'vitest';
import { createIdSet } from './id-set.ts';

test('an id is added once, among many of the same millisecond', () => {
  const set = createIdSet();
  const ids = Array.from({ length: 20_000 }, (_, n) => uuidV7(1_700_000_000_000 + (n % 50)));
  expect(ids.every((id) => set.add(id))).toBe(true);
  expect(ids.some((id) => set.add(id))).toBe(false);
  expect(set.size()).toBe(20_000);
});
