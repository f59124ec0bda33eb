import { checkTile, type TileProblem } from './check-tiles.ts';
import type { Checkpoint } from './checkpoint.ts';
import { equalBytes } from './equal-bytes.ts';
import { createLeafHasher } from './leaf-hash.ts';
import type { LedgerSource } from './ledger-source.ts';
import type { RecomputedTree } from './recomputed-tree.ts';
import type { Sha256 } from './sha256.ts';
import { tileWidthFull } from './tile.ts';

/**
 * The index and leaf hash of an entry, from the answer that the host got when it sent the event. The host that kept it
 * trusts it.
 */
export interface Receipt {
  readonly index: number;
  readonly leafHash: Uint8Array;
}

/** The leaf hash of an entry that was kept outside the ledger; undefined when none was kept. */
export type KeptLeaf = (index: number) => Uint8Array | undefined;

/** How reading all entries ended. */
export type ScanEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'gap'; readonly index: number; readonly found: number }
  | { readonly kind: 'rootDiffers'; readonly checkpoint: Checkpoint; readonly rootFound: Uint8Array }
  | { readonly kind: 'receiptDiffers'; readonly receipt: Receipt; readonly found: Uint8Array };

/** How the scan ended, the last checkpoint whose root fitted, and the first level 0 tile that differs from the recomputed one. */
export interface Scan {
  readonly end: ScanEnd;
  readonly confirmed: Checkpoint | undefined;
  readonly tileProblem: TileProblem | undefined;
}

interface ScanOptions {
  readonly tree: RecomputedTree;
  readonly checkpoints: readonly Checkpoint[];
  readonly receipts: readonly Receipt[];
  readonly keptLeaf: KeptLeaf | undefined;
  readonly sha: Sha256;
  readonly onProgress?: (size: number) => void;
}

/** Positions in the sorted checkpoints and receipts, and the results so far. */
interface Progress {
  nextCheckpoint: number;
  nextReceipt: number;
  confirmed: Checkpoint | undefined;
  tileProblem: TileProblem | undefined;
}

/**
 * Reads all entries into `tree` and compares the root at each checkpoint's size, the leaf at each receipt's index, and the
 * level 0 tiles up to the last checkpoint. Stops at the first gap, root, receipt or kept leaf that does not fit. `checkpoints`
 * and `receipts` are sorted, and none lies before the tree's size.
 */
export async function scanLedger(source: LedgerSource, options: ScanOptions): Promise<Scan> {
  const progress: Progress = {
    nextCheckpoint: 0,
    nextReceipt: 0,
    confirmed: undefined,
    tileProblem: undefined,
  };
  const end =
    compareRoot(options, progress) ??
    (await scanEntries(source, options, progress)) ??
    ({ kind: 'complete' } as const);
  return { end, confirmed: progress.confirmed, tileProblem: progress.tileProblem };
}

/** Undefined when all entries were read and fit. */
async function scanEntries(
  source: LedgerSource,
  options: ScanOptions,
  progress: Progress,
): Promise<ScanEnd | undefined> {
  const { tree } = options;
  const hashLeaf = createLeafHasher(options.sha);
  const publishedSize = options.checkpoints.at(-1)?.size ?? 0;
  for await (const run of source.readBundles(tree.size())) {
    if (run.index !== tree.size()) return { kind: 'gap', index: tree.size(), found: run.index };
    for (const entry of run.entries) {
      const leaf = hashLeaf(entry);
      tree.append(leaf);
      const end = compareLeaf(leaf, options, progress) ?? compareRoot(options, progress);
      if (end !== undefined) return end;
      const size = tree.size();
      const tileIsDone = size % tileWidthFull === 0 || size === publishedSize;
      if (tileIsDone && size <= publishedSize && progress.tileProblem === undefined)
        progress.tileProblem = await compareLastTile(source, tree);
    }
    options.onProgress?.(tree.size());
  }
  return undefined;
}

/** Compares the root with all checkpoints of the size that the tree has now. */
function compareRoot({ tree, checkpoints }: ScanOptions, progress: Progress): ScanEnd | undefined {
  for (;;) {
    const checkpoint = checkpoints[progress.nextCheckpoint];
    if (checkpoint?.size !== tree.size()) return undefined;
    const rootFound = tree.root();
    if (!equalBytes(rootFound, checkpoint.root)) return { kind: 'rootDiffers', checkpoint, rootFound };
    progress.confirmed = checkpoint;
    progress.nextCheckpoint += 1;
  }
}

/** Compares the leaf that was appended last with the kept leaf and the receipts of its index. */
function compareLeaf(
  found: Uint8Array,
  { tree, receipts, keptLeaf }: ScanOptions,
  progress: Progress,
): ScanEnd | undefined {
  const index = tree.size() - 1;
  const kept = keptLeaf?.(index);
  if (kept !== undefined && !equalBytes(kept, found)) {
    return { kind: 'receiptDiffers', receipt: { index, leafHash: kept }, found };
  }
  for (; receipts[progress.nextReceipt]?.index === index; progress.nextReceipt++) {
    const receipt = receipts[progress.nextReceipt];
    if (receipt !== undefined && !equalBytes(receipt.leafHash, found)) {
      return { kind: 'receiptDiffers', receipt, found };
    }
  }
  return undefined;
}

async function compareLastTile(source: LedgerSource, tree: RecomputedTree): Promise<TileProblem | undefined> {
  if (source.readTile === undefined) return undefined;
  const { index, bytes } = tree.lastLeaves();
  return checkTile(source.readTile, { level: 0, index, width: bytes.length / 32 }, bytes);
}
