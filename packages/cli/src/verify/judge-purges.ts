import { parseEntry, purgeFault, readPurgeNotice, type Entry } from '@bitacora/event';
import { decodeBase64, verifyProofFile, type Verifier } from '@bitacora/tlog';
import { CliError } from '../cli-error.ts';
import { nodeSha256 } from './node-sha256.ts';

/** What a ledger states of the entries that retention removed, after its evidence was judged. */
export interface JudgedPurges {
  /** Entries before this index are gone, as the ledger states. */
  readonly minimumIndex: number;
  /** Signed events account for all entries before this index, without a gap. */
  readonly accountedBelow: number;
  /** Why the first purge that is not accounted for is not. */
  readonly reason: string | undefined;
  /** The signed events that account for the purges: index in the audit ledger. */
  readonly notices: readonly number[];
  /** Roots of the ledger that these events state. */
  readonly roots: readonly { readonly size: number; readonly root: Uint8Array }[];
}

export interface PurgeTrust {
  readonly ledger: string;
  /** The name is the origin of the tenant's audit ledger; the key is that of the ledger. */
  readonly auditVerifier: Verifier;
}

/**
 * Judges `{minimumIndex, period, purges: [{firstIndex, endIndex, notice}, …]}`; undefined means that no entry was removed. A
 * purge counts when a signed event of the audit ledger announces it and another one states a period that allows it.
 * Throws `CliError` when the statement cannot be read.
 */
export function judgePurges(text: string | undefined, trust: PurgeTrust): JudgedPurges {
  if (text === undefined)
    return { minimumIndex: 0, accountedBelow: 0, reason: undefined, notices: [], roots: [] };
  const stated = parsed(text);
  const minimumIndex = indexIn(stated, 'minimumIndex');
  const purges = isObject(stated) && Array.isArray(stated['purges']) ? stated['purges'] : undefined;
  if (!isObject(stated) || minimumIndex === undefined || purges === undefined)
    throw new CliError('what the ledger states of retention cannot be read');
  const period = provedEntry(stated['period'], trust);
  const notices: number[] = [];
  const roots: { size: number; root: Uint8Array }[] = [];
  let accountedBelow = 0;
  for (const purge of purges) {
    const judged = judgePurge(purge, { ...trust, period, firstIndex: accountedBelow });
    if (typeof judged === 'string') return { minimumIndex, accountedBelow, reason: judged, notices, roots };
    notices.push(judged.index);
    roots.push({ size: judged.endIndex, root: judged.root });
    accountedBelow = judged.endIndex;
  }
  const reason = accountedBelow < minimumIndex ? 'no purge is recorded there' : undefined;
  return { minimumIndex, accountedBelow, reason, notices, roots };
}

interface JudgedPurge {
  readonly endIndex: number;
  readonly root: Uint8Array;
  /** Index of the event in the audit ledger. */
  readonly index: number;
}

/** The purge that begins at `firstIndex`, or why it does not count. */
function judgePurge(
  purge: unknown,
  context: PurgeTrust & { readonly period: ProvedEntry | undefined; readonly firstIndex: number },
): JudgedPurge | string {
  const { ledger, period, firstIndex } = context;
  if (indexIn(purge, 'firstIndex') !== firstIndex) return 'no purge is recorded there';
  const proved = isObject(purge) ? provedEntry(purge['notice'], context) : undefined;
  if (proved === undefined) return 'no signed event announces their removal';
  if (period === undefined) return "no signed event states the ledger's period";
  const fault = purgeFault(ledger, { notice: proved.entry, period: period.entry });
  if (fault !== undefined) return fault;
  const notice = readPurgeNotice(proved.entry);
  const root = notice && decodeBase64(notice.root);
  const fits = notice?.firstIndex === firstIndex && notice.endIndex === indexIn(purge, 'endIndex');
  if (!fits || root?.length !== 32) return 'the event that announces their removal names other entries';
  return { endIndex: notice.endIndex, root, index: proved.index };
}

interface ProvedEntry {
  readonly index: number;
  readonly entry: Entry;
}

/** An entry of the audit ledger whose proof holds; undefined when there is none. */
function provedEntry(value: unknown, { auditVerifier }: PurgeTrust): ProvedEntry | undefined {
  if (!isObject(value)) return undefined;
  const { entry, proof } = value;
  if (typeof entry !== 'string' || typeof proof !== 'string') return undefined;
  const claim = {
    file: proof,
    verifiers: [auditVerifier],
    origin: auditVerifier.name,
    entryBytes: new TextEncoder().encode(entry),
  };
  const proved = verifyProofFile(claim, nodeSha256);
  return proved.ok ? { index: proved.value.index, entry: parseEntry(entry) } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function indexIn(value: unknown, member: string): number | undefined {
  const index = isObject(value) ? value[member] : undefined;
  return typeof index === 'number' && Number.isSafeInteger(index) && index >= 0 ? index : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
