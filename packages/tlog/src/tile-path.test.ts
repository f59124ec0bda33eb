import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTilePath, tilePath } from './tile-path.ts';

test('paths are those of C2SP tlog-tiles', () => {
  expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
  expect(tilePath({ level: 0, index: 273, width: 112 })).toBe('tile/0/273.p/112');
  expect(tilePath({ level: 2, index: 0, width: 1 })).toBe('tile/2/000.p/1');
  expect(tilePath({ level: 'entries', index: 1000, width: 256 })).toBe('tile/entries/x001/000');
});

test('every tile is read back from its path', () => {
  const level = fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const));
  const tile = fc.record({ level, index: fc.maxSafeNat(), width: fc.integer({ min: 1, max: 256 }) });
  fc.assert(
    fc.property(tile, (value) => {
      expect(parseTilePath(tilePath(value))).toEqual(value);
    }),
  );
});

test.each([
  'tile/0/67',
  'tile/0/0067',
  'tile/0/x000/067',
  'tile/0/x067',
  'tile/0/001/067',
  'tile/00/067',
  'tile/64/067',
  'tile/-1/067',
  'tile/0/067.p/0',
  'tile/0/067.p/256',
  'tile/0/067.p/01',
  'tile/0/067.p/',
  'tile/0/067/',
  '/tile/0/067',
  'tile/data/067',
  'tile/0/x999/x999/x999/x999/x999/999',
  'tile/0/067\n',
])('%j is not the path of a tile', (path) => {
  expect(parseTilePath(path)).toBeUndefined();
});

test('a tile that cannot exist has no path', () => {
  expect(() => tilePath({ level: 64, index: 0, width: 1 })).toThrow(RangeError);
  expect(() => tilePath({ level: 0, index: -1, width: 1 })).toThrow(RangeError);
  expect(() => tilePath({ level: 0, index: 0, width: 0 })).toThrow(RangeError);
  expect(() => tilePath({ level: 0, index: 0, width: 257 })).toThrow(RangeError);
});
