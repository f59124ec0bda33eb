import { checkUpperTiles, type TileProblem } from './check-tiles.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { LedgerSource } from './ledger-source.ts';
import { locateDifference, type LocatedDifference } from './locate-difference.ts';
import { checkPurgedPrefix, readPurgedPrefix, type Unchecked } from './purged-prefix.ts';
import { createRecomputedTree, type RecomputedTree } from './recomputed-tree.ts';
import { scanLedger, type KeptLeaf, type Receipt, type Scan } from './scan-ledger.ts';
import { sha256, type Sha256 } from './sha256.ts';
import type { Verifier } from './signer.ts';
import { tileWidthFull } from './tile.ts';
import { readTrustedCheckpoints, type RefusedCheckpoint } from './trusted-checkpoints.ts';

/** The verdict on a whole ledger. Indexes are those of entries, ranges are `[from, to)`, hashes have 32 bytes. */
export type LedgerVerdict =
  /**
   * All entries from `start` on are as signed. Those before it were purged, and everything that the verifier holds of them
   * fits the hashes that stay, except what `unchecked` counts. Those after `size` are not signed yet.
   */
  | {
      readonly kind: 'ok';
      readonly size: number;
      readonly root: Uint8Array;
      readonly sizeRead: number;
      readonly start: number;
      readonly unchecked: Unchecked;
    }
  /** The first entry that differs from the signed one: its expected leaf hash and the one found. */
  | {
      readonly kind: 'differs';
      readonly index: number;
      readonly expected: Uint8Array;
      readonly found: Uint8Array;
    }
  /** The tiles were rewritten too, so the first difference can only be narrowed to this range below `checkpoint`. */
  | {
      readonly kind: 'differsWithin';
      readonly from: number;
      readonly to: number;
      readonly checkpoint: Checkpoint;
      readonly rootFound: Uint8Array | undefined;
    }
  /** The ledger ends before the last signed or acknowledged entry. There is no root when only a receipt lies beyond the end. */
  | {
      readonly kind: 'truncated';
      readonly sizeExpected: number;
      readonly rootExpected: Uint8Array | undefined;
      readonly sizeFound: number;
      readonly rootFound: Uint8Array;
    }
  /** Entry `index` is missing; the next one there is `found` (smaller than `index` for one that comes twice). */
  | { readonly kind: 'gap'; readonly index: number; readonly found: number }
  /** The entries are right, a published tile is not. */
  | ({ readonly kind: 'tileDiffers' } & TileProblem)
  /** Two signed checkpoints of one size with different roots. */
  | { readonly kind: 'fork'; readonly size: number; readonly roots: readonly [Uint8Array, Uint8Array] }
  /** A given checkpoint is malformed, of another log, or not signed by a known key; nothing else is wrong. */
  | ({ readonly kind: 'badCheckpoint' } & RefusedCheckpoint);

/**
 * What the verifier compares the ledger with. It must come from elsewhere; only the ledger's own checkpoint may come
 * from the ledger.
 */
export interface LedgerExpectation {
  /** Signed notes, in any order: the ledger's own current one and all that were kept elsewhere. */
  readonly checkpoints: readonly string[];
  readonly verifiers: readonly Verifier[];
  readonly origin: string;
  /** Roots that other signed evidence states, such as the record of a purge. */
  readonly statedRoots?: readonly { readonly size: number; readonly root: Uint8Array }[];
  /** The minimum index (C2SP tlog-tiles, pruning): entries before it may be gone. Rounded down to a whole bundle. */
  readonly minimumIndex?: number;
  readonly receipts?: readonly Receipt[];
  /** Leaf hashes kept elsewhere, asked for in order of index: first from the minimum index on, then those before it. */
  readonly keptLeaf?: KeptLeaf;
  readonly sha?: Sha256;
  /** Called after each run of entries with the number of entries done. */
  readonly onProgress?: (size: number) => void;
}

/**
 * Recomputes a whole ledger from its entries and compares it with everything the verifier holds. Streaming: it keeps 32
 * bytes per 256 entries. The verdict is the earliest fault that can be proved. Rejects only when reading fails.
 */
export async function verifyLedger(
  source: LedgerSource,
  expectation: LedgerExpectation,
): Promise<LedgerVerdict> {
  const { checkpoints, refused, fork } = readTrustedCheckpoints(expectation.checkpoints, expectation);
  if (fork !== undefined) return { kind: 'fork', size: fork[0].size, roots: [fork[0].root, fork[1].root] };
  const last = checkpoints.at(-1);
  const [firstRefused] = refused;
  if (last === undefined) {
    if (firstRefused !== undefined) return { kind: 'badCheckpoint', ...firstRefused };
    throw new RangeError('verifying a ledger needs at least one checkpoint');
  }
  const sha = expectation.sha ?? sha256;
  const start = Math.floor((expectation.minimumIndex ?? 0) / tileWidthFull) * tileWidthFull;
  const purged = await readPurgedPrefix(source.readTile, start, last.size);
  if ('problem' in purged) return { kind: 'tileDiffers', ...purged };

  const held = evidenceOf(expectation, { checkpoints, start });
  const tree = createRecomputedTree(purged, sha);
  const { onProgress } = expectation;
  const evidence = { source, tree, start, sha, ...held.remaining };
  const scan = await scanLedger(source, { ...evidence, ...(onProgress === undefined ? {} : { onProgress }) });
  const broken = await judgeEntries(evidence, scan);
  if (broken !== undefined) return broken;
  const prefix = await checkPurgedPrefix({ purged, readTile: source.readTile, sha, ...held.purged });
  if (prefix.kind === 'rootDiffers')
    return { ...prefix, kind: 'differsWithin', from: 0, to: prefix.checkpoint.size };
  if (prefix.kind !== 'fits') return prefix;
  const tileProblem =
    scan.tileProblem ?? (source.readTile && (await checkUpperTiles(source.readTile, tree, last.size)));
  if (tileProblem !== undefined) return { kind: 'tileDiffers', ...tileProblem };
  if (firstRefused !== undefined) return { kind: 'badCheckpoint', ...firstRefused };
  const { unchecked } = prefix;
  return { kind: 'ok', size: last.size, root: last.root, sizeRead: tree.size(), start, unchecked };
}

type HeldEvidence = Pick<Evidence, 'checkpoints' | 'receipts' | 'keptLeaf'>;

/** What the verifier holds, divided into what lies in the purged prefix and what remains. */
function evidenceOf(
  { statedRoots = [], receipts: given = [], keptLeaf, origin }: LedgerExpectation,
  { checkpoints: signed, start }: { readonly checkpoints: readonly Checkpoint[]; readonly start: number },
): { readonly purged: HeldEvidence; readonly remaining: HeldEvidence } {
  const checkpoints = [...signed, ...statedRoots.map((stated) => ({ origin, ...stated }))].sort(
    (a, b) => a.size - b.size,
  );
  const receipts = [...given].sort((a, b) => a.index - b.index);
  return {
    purged: {
      checkpoints: checkpoints.filter(({ size }) => size <= start),
      receipts: receipts.filter(({ index }) => index < start),
      keptLeaf,
    },
    remaining: {
      checkpoints: checkpoints.filter(({ size }) => size >= start),
      receipts: receipts.filter(({ index }) => index >= start),
      keptLeaf,
    },
  };
}

interface Evidence {
  readonly source: LedgerSource;
  readonly tree: RecomputedTree;
  readonly start: number;
  readonly checkpoints: readonly Checkpoint[];
  readonly receipts: readonly Receipt[];
  readonly keptLeaf: KeptLeaf | undefined;
  readonly sha: Sha256;
}

/** The verdict on the entries; undefined when none is missing and all are as signed. */
async function judgeEntries(
  evidence: Evidence,
  { end, confirmed }: Scan,
): Promise<LedgerVerdict | undefined> {
  const truncated = end.kind === 'complete' ? findTruncation(evidence) : undefined;
  if (end.kind === 'complete' && truncated === undefined) return undefined;

  const located = await locateFirst(evidence, confirmed?.size ?? 0);
  if (located !== undefined) {
    const { difference, checkpoint } = located;
    if ('index' in difference) return { kind: 'differs', ...difference };
    const from = Math.max(difference.from, confirmed?.size ?? 0);
    if (end.kind === 'receiptDiffers' && vouchedFor(evidence, from, end.receipt.index)) {
      return { kind: 'differs', index: end.receipt.index, expected: end.receipt.leafHash, found: end.found };
    }
    const to = Math.min(difference.to, evidence.tree.size());
    const rootFound = end.kind === 'rootDiffers' ? end.rootFound : undefined;
    return { kind: 'differsWithin', from, to, checkpoint, rootFound };
  }
  switch (end.kind) {
    case 'complete':
      return truncated;
    case 'gap':
      return end;
    case 'receiptDiffers':
      return {
        kind: 'differs',
        index: end.receipt.index,
        expected: end.receipt.leafHash,
        found: end.found,
      };
    case 'rootDiffers': {
      const { checkpoint, rootFound } = end;
      return {
        kind: 'differsWithin',
        from: confirmed?.size ?? 0,
        to: checkpoint.size,
        checkpoint,
        rootFound,
      };
    }
  }
}

/**
 * Whether the kept leaf hashes and receipts cover every entry from `from` to `to`. All of them fitted, so none of these
 * differs.
 */
function vouchedFor({ receipts, keptLeaf }: Evidence, from: number, to: number): boolean {
  const named = new Set(receipts.map(({ index }) => index));
  for (let index = from; index < to; index++) {
    if (!named.has(index) && keptLeaf?.(index) === undefined) return false;
  }
  return true;
}

function findTruncation({ tree, checkpoints, receipts }: Evidence): LedgerVerdict | undefined {
  const checkpoint = checkpoints.at(-1);
  const sizeSigned = checkpoint?.size ?? 0;
  const sizeExpected = Math.max(sizeSigned, (receipts.at(-1)?.index ?? -1) + 1);
  const sizeFound = tree.size();
  if (sizeFound >= sizeExpected) return undefined;
  // Nothing before the checkpoint is missing if only a receipt lies beyond the end.
  const rootExpected = sizeFound < sizeSigned ? checkpoint?.root : undefined;
  return {
    kind: 'truncated',
    sizeExpected: rootExpected === undefined ? sizeExpected : sizeSigned,
    rootExpected,
    sizeFound,
    rootFound: tree.root(),
  };
}

/**
 * Looks for the difference below each checkpoint that was not confirmed, from the smallest, in the tiles that hash to
 * its root.
 */
async function locateFirst(
  evidence: Evidence,
  sizeConfirmed: number,
): Promise<{ readonly difference: LocatedDifference; readonly checkpoint: Checkpoint } | undefined> {
  for (const checkpoint of evidence.checkpoints) {
    if (checkpoint.size <= sizeConfirmed) continue;
    const difference = await locateDifference({ ...evidence, checkpoint });
    if (difference !== undefined) return { difference, checkpoint };
  }
  return undefined;
}
