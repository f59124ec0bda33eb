import type { TileProblem } from './check-tiles.ts';
import type { Checkpoint } from './checkpoint.ts';
import { equalBytes } from './equal-bytes.ts';
import { fetchTileAt } from './fetch-tile-at.ts';
import { createFrontier, type Frontier } from './frontier.ts';
import { itemAt } from './item-at.ts';
import type { KeptLeaf, Receipt } from './scan-ledger.ts';
import type { Sha256 } from './sha256.ts';
import { tileRoot } from './tile-root.ts';
import { tileWidthFull, type FetchTile, type HashTile } from './tile.ts';

/**
 * The hashes of tile level 1 over a purged prefix of `start` entries (a multiple of 256), which logs keep for ever. They
 * are believed only when a signed root follows from them.
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

/** What the verifier holds of purged entries and could not compare, because the log has no leaf hashes of them any more. */
export interface Unchecked {
  readonly checkpoints: readonly Checkpoint[];
  readonly receipts: number;
  readonly leaves: number;
}

/** The result of comparing what the verifier holds with a purged prefix. */
export type PrefixVerdict =
  | { readonly kind: 'fits'; readonly unchecked: Unchecked }
  | {
      readonly kind: 'differs';
      readonly index: number;
      readonly expected: Uint8Array;
      readonly found: Uint8Array;
    }
  | { readonly kind: 'rootDiffers'; readonly checkpoint: Checkpoint; readonly rootFound: Uint8Array }
  | ({ readonly kind: 'tileDiffers' } & TileProblem);

interface PrefixEvidence {
  /** The hashes of tile level 1, already confirmed by a signed root. */
  readonly purged: readonly Uint8Array[];
  readonly readTile: FetchTile | undefined;
  /** By rising size, each at most the size of the prefix. */
  readonly checkpoints: readonly Checkpoint[];
  /** By rising index, each within the prefix. */
  readonly receipts: readonly Receipt[];
  readonly keptLeaf: KeptLeaf | undefined;
  readonly sha: Sha256;
}

/**
 * Compares checkpoints, receipts and kept leaf hashes with a purged prefix. The entries are gone; their leaf hashes are in
 * the tiles of level 0, each of which must hash to the confirmed hash above it.
 */
export async function checkPurgedPrefix(evidence: PrefixEvidence): Promise<PrefixVerdict> {
  const { purged, sha } = evidence;
  const upper = createFrontier(undefined, sha);
  const unchecked = { checkpoints: [] as Checkpoint[], receipts: 0, leaves: 0 };
  for (const [bundle, hash] of purged.entries()) {
    const held = heldWithin(evidence, bundle);
    if (held.isEmpty) {
      upper.append(hash);
      continue;
    }
    const leaves = await readLeaves(evidence, bundle);
    if (leaves !== undefined && 'problem' in leaves) return { kind: 'tileDiffers', ...leaves };
    const difference = leaves && (differingLeaf(held, leaves) ?? differingRoot(held, { leaves, upper, sha }));
    if (difference !== undefined) return difference;
    if (leaves === undefined) {
      unchecked.checkpoints.push(...held.checkpoints.filter(({ size }) => size % tileWidthFull > 0));
      unchecked.receipts += held.receipts.length;
      unchecked.leaves += held.leaves.length;
    }
    upper.append(hash);
    const whole = held.checkpoints.find(({ size }) => size === (bundle + 1) * tileWidthFull);
    const rootFound = whole && rootOf({ leaves: new Uint8Array(0), upper, sha });
    if (whole && rootFound && !equalBytes(rootFound, whole.root))
      return { kind: 'rootDiffers', checkpoint: whole, rootFound };
  }
  return { kind: 'fits', unchecked };
}

/** What the verifier holds of one bundle of 256 entries. */
interface HeldEvidence {
  readonly first: number;
  readonly checkpoints: readonly Checkpoint[];
  readonly receipts: readonly Receipt[];
  readonly leaves: readonly Receipt[];
  readonly isEmpty: boolean;
}

function heldWithin({ checkpoints, receipts, keptLeaf }: PrefixEvidence, bundle: number): HeldEvidence {
  const first = bundle * tileWidthFull;
  const end = first + tileWidthFull;
  const leaves: Receipt[] = [];
  for (let index = first; keptLeaf !== undefined && index < end; index++) {
    const leafHash = keptLeaf(index);
    if (leafHash !== undefined) leaves.push({ index, leafHash });
  }
  const held = {
    first,
    checkpoints: checkpoints.filter(({ size }) => size > first && size <= end),
    receipts: receipts.filter(({ index }) => index >= first && index < end),
    leaves,
  };
  const isEmpty = held.checkpoints.length + held.receipts.length + leaves.length === 0;
  return { ...held, isEmpty };
}

/** The leaf hashes of a bundle; undefined when the log has them no more, a problem when they do not fit the hash above. */
async function readLeaves(
  { purged, readTile, sha }: PrefixEvidence,
  bundle: number,
): Promise<Uint8Array | TileProblem | undefined> {
  const tile: HashTile = { level: 0, index: bundle, width: tileWidthFull };
  const bytes = readTile && (await fetchTileAt(readTile, tile));
  if (bytes === undefined) return undefined;
  return equalBytes(tileRoot(bytes, sha), itemAt(purged, bundle)) ? bytes : { tile, problem: 'differs' };
}

function differingLeaf(held: HeldEvidence, leaves: Uint8Array): PrefixVerdict | undefined {
  const known = [...held.leaves, ...held.receipts].sort((a, b) => a.index - b.index);
  for (const { index, leafHash } of known) {
    const at = (index - held.first) * 32;
    const found = new Uint8Array(leaves.subarray(at, at + 32));
    if (!equalBytes(leafHash, found)) return { kind: 'differs', index, expected: leafHash, found };
  }
  return undefined;
}

interface PartialTree {
  readonly leaves: Uint8Array;
  /** The tree of the whole bundles before them. */
  readonly upper: Frontier;
  readonly sha: Sha256;
}

/** Compares the checkpoints whose size lies inside the bundle. */
function differingRoot(held: HeldEvidence, tree: PartialTree): PrefixVerdict | undefined {
  for (const checkpoint of held.checkpoints) {
    const width = checkpoint.size - held.first;
    if (width === tileWidthFull) continue;
    const rootFound = rootOf({ ...tree, leaves: tree.leaves.subarray(0, width * 32) });
    if (!equalBytes(rootFound, checkpoint.root)) return { kind: 'rootDiffers', checkpoint, rootFound };
  }
  return undefined;
}

function rootOf({ leaves, upper, sha }: PartialTree): Uint8Array {
  const { size, hashes } = upper.state();
  const whole = createFrontier({ size: size * tileWidthFull, hashes }, sha);
  for (let at = 0; at < leaves.length; at += 32) whole.append(leaves.slice(at, at + 32));
  return whole.root();
}
