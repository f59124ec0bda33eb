import { checkTile, type TileProblem } from './check-tiles.ts';
import type { Checkpoint } from './checkpoint.ts';
import { equalBytes } from './equal-bytes.ts';
import { createLeafHasher } from './leaf-hash.ts';
import type { LedgerSource } from './ledger-source.ts';
import type { RecomputedTree } from './recomputed-tree.ts';
import type { Sha256 } from './sha256.ts';
import { tileWidthFull } from './tile.ts';

/** What an acknowledgement told the host: the entry's index and leaf hash. Trusted by whoever kept it. */
export interface Receipt {
  readonly index: number;
  readonly leafHash: Uint8Array;
}

/** The leaf hash of an entry as it was kept elsewhere; undefined where none was. */
export type KeptLeaf = (index: number) => Uint8Array | undefined;

/** How reading all entries ended. */
export type ScanEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'gap'; readonly index: number; readonly found: number }
  | { readonly kind: 'rootDiffers'; readonly checkpoint: Checkpoint; readonly rootFound: Uint8Array }
  | { readonly kind: 'receiptDiffers'; readonly receipt: Receipt; readonly found: Uint8Array };

/** How far it came, what was confirmed on the way, and the first level 0 tile that is not as recomputed. */
export interface Scan {
  readonly end: ScanEnd;
  readonly confirmed: Checkpoint | undefined;
  readonly tileProblem: TileProblem | undefined;
}

/**
 * Reads all entries into `tree`, comparing the root at each checkpoint's size, the leaf at each receipt's index and the level 0
 * tiles up to the last checkpoint. Stops at the first gap, root, receipt or kept leaf that does not fit. `checkpoints` and `receipts`
 * are sorted, and none lies before the tree's size.
 */
export async function scanLedger(
  source: LedgerSource,
  options: {
    readonly tree: RecomputedTree;
    readonly checkpoints: readonly Checkpoint[];
    readonly receipts: readonly Receipt[];
    readonly keptLeaf?: KeptLeaf;
    readonly sha: Sha256;
    readonly onProgress?: (size: number) => void;
  },
): Promise<Scan> {
  const { tree, checkpoints, receipts, sha } = options;
  const hashLeaf = createLeafHasher(sha);
  const publishedSize = checkpoints.at(-1)?.size ?? 0;
  let [nextCheckpoint, nextReceipt] = [0, 0];
  let confirmed: Checkpoint | undefined;
  let tileProblem: TileProblem | undefined;
  const ended = (end: ScanEnd): Scan => ({ end, confirmed, tileProblem });

  function compareRoot(): ScanEnd | undefined {
    const checkpoint = checkpoints[nextCheckpoint];
    if (checkpoint?.size !== tree.size()) return undefined;
    const rootFound = tree.root();
    if (!equalBytes(rootFound, checkpoint.root)) return { kind: 'rootDiffers', checkpoint, rootFound };
    confirmed = checkpoint;
    nextCheckpoint += 1;
    return undefined;
  }

  function compareReceipt(found: Uint8Array): ScanEnd | undefined {
    const index = tree.size() - 1;
    const kept = options.keptLeaf?.(index);
    if (kept !== undefined && !equalBytes(kept, found)) {
      return { kind: 'receiptDiffers', receipt: { index, leafHash: kept }, found };
    }
    for (; receipts[nextReceipt]?.index === tree.size() - 1; nextReceipt++) {
      const receipt = receipts[nextReceipt];
      if (receipt !== undefined && !equalBytes(receipt.leafHash, found)) {
        return { kind: 'receiptDiffers', receipt, found };
      }
    }
    return undefined;
  }

  async function compareTile(): Promise<void> {
    const size = tree.size();
    if (tileProblem !== undefined || source.readTile === undefined || size > publishedSize) return;
    if (size % tileWidthFull !== 0 && size !== publishedSize) return;
    const { index, bytes } = tree.lastLeaves();
    tileProblem = await checkTile(source.readTile, { level: 0, index, width: bytes.length / 32 }, bytes);
  }

  const atStart = compareRoot();
  if (atStart !== undefined) return ended(atStart);
  for await (const run of source.readBundles(tree.size())) {
    if (run.index !== tree.size()) return ended({ kind: 'gap', index: tree.size(), found: run.index });
    for (const entry of run.entries) {
      const leaf = hashLeaf(entry);
      tree.append(leaf);
      const end = compareReceipt(leaf) ?? compareRoot();
      if (end !== undefined) return ended(end);
      const size = tree.size();
      if (size % tileWidthFull === 0 || size === publishedSize) await compareTile();
    }
    options.onProgress?.(tree.size());
  }
  return ended({ kind: 'complete' });
}
