import type { FrontierState } from './frontier.ts';
import { itemAt } from './item-at.ts';
import { sha256, type Sha256 } from './sha256.ts';
import { tileRoot } from './tile-root.ts';
import { tileWidthFull, type HashTile } from './tile.ts';

/**
 * The right edge of a tree: for each tile level from 0, the bytes of the last, partial tile; empty when the last tile of
 * that level is full. Nothing else is needed to grow the tree.
 */
export type TileEdge = readonly Uint8Array[];

/** The partial tiles that a tree of `size` entries ends with; where the width would be 0 there is no tile. */
export function edgeTiles(size: number): (HashTile | undefined)[] {
  const tiles: (HashTile | undefined)[] = [];
  for (let level = 0, count = size; count > 0; level++) {
    const index = Math.floor(count / tileWidthFull);
    const width = count % tileWidthFull;
    tiles.push(width === 0 ? undefined : { level, index, width });
    count = index;
  }
  return tiles;
}

/** The frontier of a tree from its edge. */
export function frontierOfEdge(edge: TileEdge, sha: Sha256 = sha256): FrontierState {
  let size = 0;
  const hashes: Uint8Array[] = [];
  for (let level = edge.length - 1; level >= 0; level--) {
    const tile = itemAt(edge, level);
    size = size * tileWidthFull + tile.length / 32;
    hashes.push(...subtreeRoots(tile, sha));
  }
  return { size, hashes };
}

/** The result of growing a tree: its new edge and the tiles to store. */
export interface TileGrowth {
  readonly size: number;
  readonly edge: TileEdge;
  readonly tiles: readonly { readonly tile: HashTile; readonly bytes: Uint8Array }[];
}

/**
 * Appends leaf hashes to a tree of `size` entries with this edge, and says which tiles are new, full and partial, at
 * every level: exactly those of `newTiles(size, size + leafHashes.length)`, in that order.
 */
export function growTiles(
  tree: { readonly size: number; readonly edge: TileEdge },
  leafHashes: readonly Uint8Array[],
  sha: Sha256 = sha256,
): TileGrowth {
  const edge = [...tree.edge];
  const tiles: { tile: HashTile; bytes: Uint8Array }[] = [];
  let incoming = leafHashes;
  for (let level = 0, count = tree.size; incoming.length > 0; level++) {
    const bytes = joinHashes(edge[level] ?? new Uint8Array(0), incoming);
    const fullBytes = tileWidthFull * 32;
    const first = Math.floor(count / tileWidthFull);
    const roots: Uint8Array[] = [];
    for (let at = 0; at + fullBytes <= bytes.length; at += fullBytes) {
      const full = bytes.slice(at, at + fullBytes);
      tiles.push({ tile: { level, index: first + roots.length, width: tileWidthFull }, bytes: full });
      roots.push(tileRoot(full, sha));
    }
    const rest = bytes.slice(roots.length * fullBytes);
    edge[level] = rest;
    if (rest.length > 0) {
      tiles.push({ tile: { level, index: first + roots.length, width: rest.length / 32 }, bytes: rest });
    }
    incoming = roots;
    count = first;
  }
  return { size: tree.size + leafHashes.length, edge, tiles };
}

/** The roots of the complete subtrees of a partial tile, largest first. */
function subtreeRoots(tile: Uint8Array, sha: Sha256): Uint8Array[] {
  const roots: Uint8Array[] = [];
  let at = 0;
  for (let width = tileWidthFull / 2; width >= 1; width /= 2) {
    if (at + width * 32 > tile.length) continue;
    roots.push(tileRoot(tile.subarray(at, at + width * 32), sha));
    at += width * 32;
  }
  return roots;
}

function joinHashes(before: Uint8Array, hashes: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(before.length + hashes.length * 32);
  joined.set(before);
  hashes.forEach((hash, i) => joined.set(hash, before.length + i * 32));
  return joined;
}
