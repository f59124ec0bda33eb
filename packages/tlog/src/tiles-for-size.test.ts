import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newTiles, tileHolding, tilesForSize } from './tiles-for-size.ts';
import { tilePath } from './tile-path.ts';

test('a tree of 70,000 entries has the tiles that C2SP tlog-tiles counts for it', () => {
  const tiles = [...tilesForSize(70_000)];
  const widths = (level: number) => tiles.filter((tile) => tile.level === level).map(({ width }) => width);
  expect(widths(0)).toEqual([...Array.from({ length: 273 }, () => 256), 112]);
  expect(widths(1)).toEqual([256, 17]);
  expect(widths(2)).toEqual([1]);
  expect(widths(3)).toEqual([]);
});

test('a tree of 256 entries has a full tile and one of width 1 above it', () => {
  expect([...tilesForSize(256)].map(tilePath)).toEqual(['tile/0/000', 'tile/1/000.p/1']);
});

test('when a tree grows, its new tiles are those that the smaller tree did not have', () => {
  const growth = fc.tuple(fc.nat(200_000), fc.nat(2_000));
  fc.assert(
    fc.property(growth, ([from, more]) => {
      const before = new Set([...tilesForSize(from)].map(tilePath));
      const after = [...tilesForSize(from + more)].map(tilePath);
      expect([...newTiles(from, from + more)].map(tilePath)).toEqual(
        after.filter((path) => !before.has(path)),
      );
    }),
    { numRuns: 100 },
  );
});

test('the last tile is as wide as the tree needs, and hashes beyond the tree are in no tile', () => {
  expect(tileHolding(0, 511, 70_000)).toEqual({ level: 0, index: 1, width: 256 });
  expect(tileHolding(0, 69_999, 70_000)).toEqual({ level: 0, index: 273, width: 112 });
  expect(tileHolding(1, 272, 70_000)).toEqual({ level: 1, index: 1, width: 17 });
  expect(tileHolding(1, 273, 70_000)).toBeUndefined();
});
