import { tileWidthFull, type HashTile } from './tile.ts';

/** Every hash tile of a tree of `size` entries, level by level, from left to right; in a level full tiles come first. */
export function tilesForSize(size: number): Generator<HashTile> {
  return newTiles(0, size);
}

/**
 * The hash tiles of a tree of `to` entries that a tree of `from` entries does not have, level by level, left to right. A
 * partial tile that grew is new; the narrower one stays valid for checkpoints that are published already.
 */
export function* newTiles(from: number, to: number): Generator<HashTile> {
  let [before, after] = [from, to];
  for (let level = 0; after > before; level++) {
    const full = Math.floor(after / tileWidthFull);
    for (let index = Math.floor(before / tileWidthFull); index < full; index++) {
      yield { level, index, width: tileWidthFull };
    }
    const width = after % tileWidthFull;
    if (width > 0) yield { level, index: full, width };
    before = Math.floor(before / tileWidthFull);
    after = full;
  }
}

/**
 * The tile that holds hash number `index` of a tile level in a tree of `size` entries, with the width that it has there;
 * undefined when the tree has no such hash.
 */
export function tileHolding(level: number, index: number, size: number): HashTile | undefined {
  const count = Math.floor(size / tileWidthFull ** level);
  if (index >= count) return undefined;
  const tileIndex = Math.floor(index / tileWidthFull);
  return { level, index: tileIndex, width: Math.min(tileWidthFull, count - tileIndex * tileWidthFull) };
}
