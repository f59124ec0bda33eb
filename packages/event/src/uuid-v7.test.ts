import { expect, test } from 'vitest';
import { createUuidV7Source, isUuidV7, uuidV7, uuidV7TimeMs } from './uuid-v7.ts';

test('ids contain their time and only grow, also when the clock stops or goes back', () => {
  let now = 1_740_000_000_000;
  const create = createUuidV7Source({ clock: () => now });
  const ids = Array.from({ length: 20_000 }, (_, i) => {
    if (i === 10_000) now -= 5_000;
    return create();
  });
  expect(ids.every(isUuidV7)).toBe(true);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  expect(uuidV7TimeMs(ids[0] ?? '')).toBe(1_740_000_000_000);
});

test('an id contains the given time', () => {
  expect(uuidV7TimeMs(uuidV7(42))).toBe(42);
  expect(uuidV7(42)).not.toBe(uuidV7(42));
});

test('uses the randomness it is given', () => {
  const random = { getRandomValues: (bytes: Uint8Array) => bytes.fill(0xff) };
  expect(uuidV7(0x0195_512f_7c80, random)).toBe('0195512f-7c80-77ff-bfff-ffffffffffff');
});

test.each([
  '',
  '0195512F-7c80-7000-8000-0123456789ab',
  '0195512f-7c80-4000-8000-0123456789ab',
  '0195512f-7c80-7000-c000-0123456789ab',
])('%j is not a UUIDv7', (text) => expect(isUuidV7(text)).toBe(false));
