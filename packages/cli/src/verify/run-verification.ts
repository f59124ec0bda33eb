import {
  parseCheckpoint,
  parseNote,
  verifyLedger,
  type KeptLeaf,
  type Receipt,
  type Verifier,
} from '@bitacora/tlog';
import { ClientError } from '@bitacora/client';
import { CliError } from '../cli-error.ts';
import type { Progress } from '../progress.ts';
import type { AlteredValues } from './find-altered.ts';
import { describeVerdict, type VerdictReport } from './describe-verdict.ts';
import { ledgerFromFolder } from './ledger-from-folder.ts';
import type { LedgerFiles } from './ledger-files.ts';
import { nodeSha256 } from './node-sha256.ts';
import { publishedLedger } from './published-ledger.ts';
import { readRetention, type StatedRetention } from './read-retention.ts';
import { saveLedger } from './save-ledger.ts';
import { watchEntries, type ForeignEntry } from './watch-entries.ts';

export interface Verification {
  readonly files: LedgerFiles;
  /** Its name is the ledger's origin, because a key signs for only one origin. */
  readonly verifier: Verifier;
  /** Signed notes that were kept elsewhere. */
  readonly checkpoints: readonly string[];
  readonly receipts: readonly Receipt[];
  /** Leaf hashes that were kept elsewhere. */
  readonly keptLeaf?: KeptLeaf | undefined;
  /** Entries before this index may be purged; undefined: those that the ledger's own record of purges names. */
  readonly minimumIndex: number | undefined;
  /** A folder to save the ledger in first, and to verify from. */
  readonly save: string | undefined;
  readonly progress: Progress;
  /** Looks for values that differ from the commitments of their entries; undefined when only the entries can be read. */
  readonly findAltered: (() => Promise<AlteredValues | undefined>) | undefined;
}

/** Publishing takes up to two seconds, so the verifier waits until a new receipt is covered. */
const publishedWithinMs = 6_000;

/**
 * Verifies a ledger against the given checkpoints, receipts and leaf hashes. Rejects when reading fails or there is
 * nothing to compare with.
 */
export async function runVerification(verification: Verification): Promise<VerdictReport> {
  const { checkpoints, receipts, keptLeaf, verifier, progress, save } = verification;
  const own = await ownCheckpoint(verification);
  const notes = own === undefined ? checkpoints : [own, ...checkpoints];
  if (notes.length === 0)
    throw new CliError(`${verification.files.name}: no checkpoint there, and none given`);
  const sizeStated = own === undefined ? 0 : (sizeOf(own) ?? 0);
  let { files } = verification;
  const retention = await files.retention();
  if (save !== undefined && own !== undefined) {
    await saveLedger(files, save, { note: own, retention, size: sizeStated, progress });
    files = ledgerFromFolder(save);
  }
  const size = Math.max(
    sizeStated,
    ...notes.map((note) => sizeOf(note) ?? 0),
    ...receipts.map(({ index }) => index + 1),
  );
  const stated = readRetention(retention);
  const minimumIndex = verification.minimumIndex ?? Math.min(stated.minimumIndex, sizeStated);
  const ledger = verifier.name.slice(verifier.name.lastIndexOf('/') + 1);
  const watched = watchEntries(publishedLedger(files, { size, sizeStated }), ledger);
  const verdict = await verifyLedger(watched.source, {
    checkpoints: notes,
    verifiers: [verifier],
    origin: verifier.name,
    receipts,
    ...(keptLeaf === undefined ? {} : { keptLeaf }),
    minimumIndex,
    sha: nodeSha256,
    onProgress: (done) => progress.update({ done, total: size, text: `${done} entries` }),
  });
  const report = verdict.kind === 'ok' ? await judgeOk(verification, watched.first()) : undefined;
  return withPurged(report ?? describeVerdict(verdict), { minimumIndex, stated });
}

/** Looks for problems that exist although every entry is as signed: entries of another ledger, and replaced values. */
async function judgeOk(
  verification: Verification,
  foreign: ForeignEntry | undefined,
): Promise<VerdictReport | undefined> {
  if (foreign === undefined) return judgeValues(verification);
  const text = `entry ${foreign.index} is signed, but ${foreign.reason}`;
  return { ok: false, kind: 'foreign', ...foreign, text };
}

/** Adds to every verdict which entries were not checked. Missing entries that no purge covers make the verdict a failure. */
function withPurged(
  report: VerdictReport,
  { minimumIndex, stated }: { minimumIndex: number; stated: StatedRetention },
): VerdictReport {
  if (minimumIndex === 0) return report;
  const purged = `entries below ${minimumIndex} were purged and not checked`;
  if (stated.purgedBelow >= minimumIndex)
    return { ...report, minimumIndex, text: `${report.text}; ${purged}` };
  const { purgedBelow } = stated;
  const missing = `${purged}, but the record of purges accounts only for those below ${purgedBelow}`;
  const text = `${report.text}; ${missing}`;
  return report.ok
    ? { ...report, ok: false, kind: 'unaccounted', index: purgedBelow, minimumIndex, text }
    : { ...report, minimumIndex, text };
}

async function judgeValues({ findAltered }: Verification): Promise<VerdictReport | undefined> {
  const altered = await findAltered?.();
  if (altered === undefined) return undefined;
  const { index, groups } = altered;
  const text = `entry ${index} is as signed, but its ${groups.join(' and ')} values were replaced`;
  return { ok: false, kind: 'valuesDiffer', index, groups, text };
}

/** The ledger's own note; undefined when there is none. It waits a few seconds until the note covers the receipts. */
async function ownCheckpoint({ files, receipts }: Verification): Promise<string | undefined> {
  const sizeNeeded = Math.max(0, ...receipts.map(({ index }) => index + 1));
  const until = performance.now() + publishedWithinMs;
  for (;;) {
    const note = await files.checkpoint().catch((error: unknown) => {
      if (error instanceof CliError || (error instanceof ClientError && error.status === 404))
        return undefined;
      throw error;
    });
    const size = note === undefined ? 0 : (sizeOf(note) ?? 0);
    if (size >= sizeNeeded || !files.grows || performance.now() > until) return note;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** The size that a note states. Its signature is not checked here. */
function sizeOf(note: string): number | undefined {
  const parsed = parseNote(note);
  const checkpoint = parsed.ok ? parseCheckpoint(parsed.value.text) : undefined;
  return checkpoint?.ok === true ? checkpoint.value.size : undefined;
}
