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
import { createIdResolver, type MisplacedId, type ResolveIds } from './resolve-ids.ts';
import { describeVerdict, type VerdictReport } from './describe-verdict.ts';
import { ledgerFromFolder } from './ledger-from-folder.ts';
import type { LedgerFiles } from './ledger-files.ts';
import { nodeSha256 } from './node-sha256.ts';
import { publishedLedger } from './published-ledger.ts';
import { judgePurges, type JudgedPurges } from './judge-purges.ts';
import type { ValuesFound } from './read-values.ts';
import { saveLedger } from './save-ledger.ts';
import { watchEntries, type ForeignEntry } from './watch-entries.ts';

export interface Verification {
  readonly files: LedgerFiles;
  /** Its name is the ledger's origin, because a key signs for only one origin. */
  readonly verifier: Verifier;
  /** The same key under the name of the tenant's audit ledger. */
  readonly auditVerifier: Verifier;
  /** Signed notes that were kept elsewhere. */
  readonly checkpoints: readonly string[];
  readonly receipts: readonly Receipt[];
  /** Leaf hashes that were kept elsewhere. */
  readonly keptLeaf?: KeptLeaf | undefined;
  /** Whether the entries are Bitácora's, or may be any bytes, as in a log of another program. */
  readonly entries: 'bitacora' | 'any';
  /** Entries before this index may be purged; undefined: those that the ledger's own record of purges names. */
  readonly minimumIndex: number | undefined;
  /** A folder to save the ledger in first, and to verify from. */
  readonly save: string | undefined;
  readonly progress: Progress;
  /** Questions that only a server answers; undefined for a folder. */
  readonly server: ServerQuestions | undefined;
}

export interface ServerQuestions {
  /** Compares the values of all entries; resolves with undefined when the key may not. Undefined when the caller does not want it. */
  readonly readValues:
    | ((range: { readonly first: number; readonly end: number }) => Promise<ValuesFound | undefined>)
    | undefined;
  readonly resolveIds: ResolveIds;
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
  const ledger = verifier.name.slice(verifier.name.lastIndexOf('/') + 1);
  const purges = judgePurges(retention, { ledger, auditVerifier: verification.auditVerifier });
  const minimumIndex = verification.minimumIndex ?? Math.min(purges.minimumIndex, sizeStated);
  const resolver = createIdResolver(verification.server?.resolveIds);
  const published = publishedLedger(files, { size, sizeStated });
  const watched =
    verification.entries === 'any'
      ? { source: published, first: () => undefined }
      : watchEntries(published, { ledger, minimumIndex, onIds: resolver.add });
  const verdict = await verifyLedger(watched.source, {
    checkpoints: notes,
    verifiers: [verifier],
    origin: verifier.name,
    statedRoots: purges.roots.filter((stated) => stated.size <= sizeStated),
    receipts,
    ...(keptLeaf === undefined ? {} : { keptLeaf }),
    minimumIndex,
    sha: nodeSha256,
    onProgress: (done) => progress.update({ done, total: size, text: `${done} entries` }),
  });
  const report = describeVerdict(verdict);
  if (verdict.kind !== 'ok') return withPurged(report, { minimumIndex, purges });
  const problem = foreignReport(watched.first()) ?? misplacedReport(await resolver.finish()) ?? undefined;
  const judged =
    problem ?? (await judgeValues(report, verification, { first: minimumIndex, end: verdict.size }));
  return withPurged(judged, { minimumIndex, purges });
}

function foreignReport(foreign: ForeignEntry | undefined): VerdictReport | undefined {
  if (foreign === undefined) return undefined;
  const text = `entry ${foreign.index} is signed, but ${foreign.reason}`;
  return { ok: false, kind: 'foreign', ...foreign, text };
}

function misplacedReport(misplaced: MisplacedId | undefined): VerdictReport | undefined {
  if (misplaced === undefined) return undefined;
  const { index, id, answered } = misplaced;
  const where = answered === undefined ? 'does not find it' : `answers with entry ${answered}`;
  const text = `entry ${index} is as signed, but asked for its id ${id} the server ${where}`;
  return { ok: false, kind: 'misplaced', index, id, answered, text };
}

/** Adds to every verdict which entries were not checked. Missing entries that no signed event covers make the verdict a failure. */
function withPurged(
  report: VerdictReport,
  { minimumIndex, purges }: { minimumIndex: number; purges: JudgedPurges },
): VerdictReport {
  if (minimumIndex === 0) return report;
  const gone = `entries below ${minimumIndex} were purged and not checked`;
  const { accountedBelow, reason, notices } = purges;
  if (accountedBelow >= minimumIndex) {
    const named = notices.map((index) => `#${index}`).join(', ');
    const text = `${report.text}; ${gone}: their removal was announced by signed events of the audit ledger (${named}), and the ledger's period allowed it`;
    return { ...report, minimumIndex, notices, text };
  }
  const missing = `${gone}, but signed events account for those below ${accountedBelow} only: ${reason ?? 'no purge is recorded there'}`;
  const text = `${report.text}; ${missing}`;
  return report.ok
    ? { ...report, ok: false, kind: 'unaccounted', index: accountedBelow, minimumIndex, text }
    : { ...report, minimumIndex, text };
}

/** Judges the values that the entries `[first, end)` commit to. */
async function judgeValues(
  report: VerdictReport,
  { server }: Verification,
  range: { readonly first: number; readonly end: number },
): Promise<VerdictReport> {
  const found = await server?.readValues?.(range);
  if (found === undefined)
    return { ...report, values: 'unread', text: `${report.text}; values were not checked` };
  const { altered, missing, entries } = found;
  if (altered !== undefined) {
    const { index, groups } = altered;
    const text = `entry ${index} is as signed, but its ${groups.join(' and ')} values were replaced`;
    return { ok: false, kind: 'valuesDiffer', index, groups, text };
  }
  if (missing.size > 0) {
    const index = Math.min(...[...missing.values()].map(({ first }) => first));
    const named = [...missing].map(
      ([group, { count, first }]) => `the ${group} values of ${count} entries (the first is ${first})`,
    );
    const text = `the entries are as signed, but ${named.join(' and ')} are gone, and no signed erasure accounts for them`;
    return { ok: false, kind: 'valuesMissing', index, groups: Object.fromEntries(missing), text };
  }
  const expected = range.end - range.first;
  if (entries >= expected) return { ...report, values: 'read' };
  const text = `the entries are as signed, but the server showed only ${entries} of ${expected} with their values`;
  return { ok: false, kind: 'valuesUnread', entries, expected, text };
}

/**
 * The ledger's own note; undefined when there is none. It waits a few seconds until the note covers the receipts, or for the
 * first note when no other checkpoint is given.
 */
async function ownCheckpoint({ files, receipts, checkpoints }: Verification): Promise<string | undefined> {
  const sizeNeeded = Math.max(0, ...receipts.map(({ index }) => index + 1));
  const until = performance.now() + publishedWithinMs;
  for (;;) {
    const note = await files.checkpoint().catch((error: unknown) => {
      if (error instanceof CliError || (error instanceof ClientError && error.status === 404))
        return undefined;
      throw error;
    });
    const size = note === undefined ? 0 : (sizeOf(note) ?? 0);
    const suffices = size >= sizeNeeded && (note !== undefined || checkpoints.length > 0);
    if (suffices || !files.grows || performance.now() > until) return note;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** The size that a note states. Its signature is not checked here. */
function sizeOf(note: string): number | undefined {
  const parsed = parseNote(note);
  const checkpoint = parsed.ok ? parseCheckpoint(parsed.value.text) : undefined;
  return checkpoint?.ok === true ? checkpoint.value.size : undefined;
}
