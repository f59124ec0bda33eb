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
