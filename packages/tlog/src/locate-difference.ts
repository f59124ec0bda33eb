import type { Checkpoint } from './checkpoint.ts';
import { equalBytes } from './equal-bytes.ts';
import { fetchTileAt } from './fetch-tile-at.ts';
import { createFrontier } from './frontier.ts';
import { itemAt } from './item-at.ts';
import { leafHash } from './leaf-hash.ts';
import type { LedgerSource } from './ledger-source.ts';
import type { RecomputedTree } from './recomputed-tree.ts';
import type { Sha256 } from './sha256.ts';
import { edgeTiles, frontierOfEdge, type TileEdge } from './tile-edge.ts';
import { tileRoot } from './tile-root.ts';
import { tileWidthFull, type FetchTile } from './tile.ts';

/** The first entry that differs from the signed one, or a range `[from, to)` that contains it. */
export type LocatedDifference =
  | { readonly index: number; readonly expected: Uint8Array; readonly found: Uint8Array }
  | { readonly from: number; readonly to: number };

/** The two sides that are compared: the entries `[start, tree.size())` read from the source, and one trusted checkpoint. */
export interface Comparison {
  readonly source: LedgerSource;
  readonly tree: RecomputedTree;
  /** The first index that was read; the entries before it are purged. */
  readonly start: number;
  readonly checkpoint: Checkpoint;
  readonly sha: Sha256;
}

/**
 * Compares the recomputed tree with the signed one from the root downwards, and returns the leftmost difference. Uses only
 * tiles that hash to the node above them. Undefined when the tiles do not hash to the signed root, or nothing differs.
 */
export async function locateDifference(comparison: Comparison): Promise<LocatedDifference | undefined> {
  const { source, checkpoint } = comparison;
  const edge = source.readTile && (await signedEdge(source.readTile, checkpoint, comparison.sha));
  if (source.readTile === undefined || edge === undefined) return undefined;
  const tiles = edgeTiles(checkpoint.size);
  for (let level = edge.length - 1; level >= 0; level--) {
    const first = (tiles[level]?.index ?? 0) * tileWidthFull;
    const difference = await compareHashes(comparison, source.readTile, {
      level,
      first,
      hashes: itemAt(edge, level),
    });
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** The partial tiles at the checkpoint's size, if they are all there and hash to its root. */
async function signedEdge(
  readTile: FetchTile,
  { size, root }: Checkpoint,
  sha: Sha256,
): Promise<TileEdge | undefined> {
  const edge: Uint8Array[] = [];
  for (const tile of edgeTiles(size)) {
    const bytes = tile === undefined ? new Uint8Array(0) : await fetchTileAt(readTile, tile);
    if (bytes === undefined) return undefined;
    edge.push(bytes);
  }
  return equalBytes(createFrontier(frontierOfEdge(edge, sha), sha).root(), root) ? edge : undefined;
}

/** Compares trusted hashes of one tile level with the recomputed hashes. `first` is the number of the first trusted hash. */
async function compareHashes(
  comparison: Comparison,
  readTile: FetchTile,
  trusted: { readonly level: number; readonly first: number; readonly hashes: Uint8Array },
): Promise<LocatedDifference | undefined> {
  const { level, first, hashes } = trusted;
  if (level === 0) return compareLeaves(comparison, first, hashes);
  for (let i = 0; i < hashes.length / 32; i++) {
    const expected = hashes.subarray(i * 32, i * 32 + 32);
    const difference = await compareNode(comparison, readTile, { level, index: first + i, expected });
    if (difference !== undefined) return difference;
  }
  return undefined;
}

async function compareNode(
  comparison: Comparison,
  readTile: FetchTile,
  {
    level,
    index,
    expected,
  }: { readonly level: number; readonly index: number; readonly expected: Uint8Array },
): Promise<LocatedDifference | undefined> {
  const { tree, start, sha } = comparison;
  const span = tileWidthFull ** level;
  const from = index * span;
  const to = (index + 1) * span;
  if (to <= start || from >= tree.size()) return undefined;
  const recomputed = tree.node(level, index);
  if (recomputed !== undefined && equalBytes(recomputed, expected)) return undefined;
  const differing = recomputed === undefined ? undefined : { from: Math.max(from, start), to };
  const hashes = await fetchTileAt(readTile, { level: level - 1, index, width: tileWidthFull });
  if (hashes === undefined || !equalBytes(tileRoot(hashes, sha), expected)) return differing;
  const below = { level: level - 1, first: index * tileWidthFull, hashes };
  return (await compareHashes(comparison, readTile, below)) ?? differing;
}

/** Reads the entries of one tile again, because their leaf hashes were not kept. */
async function compareLeaves(
  { source, tree, start, sha }: Comparison,
  first: number,
  hashes: Uint8Array,
): Promise<LocatedDifference | undefined> {
  const end = Math.min(first + hashes.length / 32, tree.size());
  if (first < start || first >= end) return undefined;
  let index = first;
  for await (const run of source.readBundles(first)) {
    if (run.index !== index) return undefined;
    for (const entry of run.entries) {
      if (index === end) return undefined;
      const expected = new Uint8Array(hashes.subarray((index - first) * 32, (index - first) * 32 + 32));
      const found = leafHash(entry, sha);
      if (!equalBytes(found, expected)) return { index, expected, found };
      index += 1;
    }
    if (index === end) return undefined;
  }
  return undefined;
}
