import { equalBytes } from './equal-bytes.ts';
import { fetchTileAt } from './fetch-tile-at.ts';
import type { RecomputedTree } from './recomputed-tree.ts';
import { tilesForSize } from './tiles-for-size.ts';
import { tileWidthFull, type FetchTile, type HashTile } from './tile.ts';

/** A published tile that is missing or differs from the one that the entries make. */
export interface TileProblem {
  readonly tile: HashTile;
  readonly problem: 'missing' | 'differs';
}

/** Compares one published tile with the recomputed hashes. */
export async function checkTile(
  readTile: FetchTile,
  tile: HashTile,
  expected: Uint8Array,
): Promise<TileProblem | undefined> {
  const bytes = await fetchTileAt(readTile, tile);
  if (bytes === undefined) return { tile, problem: 'missing' };
  return equalBytes(bytes, expected) ? undefined : { tile, problem: 'differs' };
}

/** Compares all published tiles of level 1 and above with the tree recomputed from the entries. Returns the first problem. */
export async function checkUpperTiles(
  readTile: FetchTile,
  tree: RecomputedTree,
  size: number,
): Promise<TileProblem | undefined> {
  // The tree whose leaves are bundles: its level 0 is level 1 of the tree of entries.
  for (const upper of tilesForSize(Math.floor(size / tileWidthFull))) {
    const tile = { ...upper, level: upper.level + 1 };
    const expected = new Uint8Array(tile.width * 32);
    for (let i = 0; i < tile.width; i++) {
      const hash = tree.node(tile.level, tile.index * tileWidthFull + i);
      if (hash === undefined) throw new RangeError(`only ${tree.size()} of ${size} entries were recomputed`);
      expected.set(hash, i * 32);
    }
    const problem = await checkTile(readTile, tile, expected);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * The hashes of tile level 1 over a purged prefix of `start` entries (a multiple of 256), which logs keep for ever. They
 * are trusted only when a signed root follows from them.
 */
export async function readPurgedPrefix(
  readTile: FetchTile | undefined,
  start: number,
  size: number,
): Promise<readonly Uint8Array[] | TileProblem> {
  const hashes: Uint8Array[] = [];
  const count = start / tileWidthFull;
  const countAll = Math.floor(size / tileWidthFull);
  for (let index = 0; hashes.length < count; index++) {
    const width = Math.min(tileWidthFull, countAll - index * tileWidthFull);
    const tile = { level: 1, index, width };
    const bytes = width > 0 && readTile !== undefined ? await fetchTileAt(readTile, tile) : undefined;
    if (bytes === undefined) return { tile, problem: 'missing' };
    for (let i = 0; i < width && hashes.length < count; i++)
      hashes.push(new Uint8Array(bytes.subarray(i * 32, i * 32 + 32)));
  }
  return hashes;
}
