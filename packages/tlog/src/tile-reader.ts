import { fetchTileAt } from './fetch-tile-at.ts';
import type { HashReader } from './hash-reader.ts';
import type { NodeCoordinate } from './node-coordinate.ts';
import { sha256, type Sha256 } from './sha256.ts';
import { tilePath } from './tile-path.ts';
import { tileRoot } from './tile-root.ts';
import { tileHolding } from './tiles-for-size.ts';
import { tileWidthFull, type FetchTile, type HashTile } from './tile.ts';

/** Where a node's hash comes from: hashes `[from, from + count)` of a tile, count a power of two below 256. */
export interface NodeInTile {
  readonly tile: HashTile;
  readonly from: number;
  readonly count: number;
}

/** The tile, and the run of its hashes, that a node is made of in a tree of `size` entries; RangeError outside it. */
export function nodeInTile(node: NodeCoordinate, size: number): NodeInTile {
  const level = Math.floor(node.level / 8);
  const count = 2 ** (node.level % 8);
  const tile = tileHolding(level, (node.index + 1) * count - 1, size);
  if (tile === undefined) {
    throw new RangeError(`a tree of size ${size} has no complete node ${node.level}/${node.index}`);
  }
  return { tile, from: (node.index * count) % tileWidthFull, count };
}

/**
 * Reads nodes of the tree of `size` entries from its tiles, each tile fetched once per call and all at the same time.
 * It authenticates nothing: what is built from it must be checked against a signed root. Rejects with RangeError when a
 * tile is missing or has the wrong length.
 */
export function createTileReader(
  fetchTile: FetchTile,
  { size, sha = sha256 }: { readonly size: number; readonly sha?: Sha256 },
): HashReader {
  return async (nodes) => {
    const wanted = nodes.map((node) => nodeInTile(node, size));
    const fetches = new Map<string, Promise<Uint8Array>>();
    for (const { tile } of wanted) {
      const path = tilePath(tile);
      if (!fetches.has(path)) fetches.set(path, fetchOrThrow(fetchTile, tile));
    }
    await Promise.all(fetches.values());
    return Promise.all(
      wanted.map(async ({ tile, from, count }) => {
        const bytes = await fetches.get(tilePath(tile));
        if (bytes === undefined) throw new RangeError(`tile not fetched: ${tilePath(tile)}`);
        return tileRoot(bytes.subarray(from * 32, (from + count) * 32), sha);
      }),
    );
  };
}

async function fetchOrThrow(fetchTile: FetchTile, tile: HashTile): Promise<Uint8Array> {
  const bytes = await fetchTileAt(fetchTile, tile);
  if (bytes === undefined) throw new RangeError(`missing or malformed: ${tilePath(tile)}`);
  return bytes;
}
