import { createHash } from 'node:crypto';
import { purgeEvent, purgeFault, uuidV7, type Entry, type PurgeNotice } from '@bitacora/event';
import { encodeBase64 } from '@bitacora/tlog';
import type { PurgedSegment, Retention } from '../routes/index.ts';
import type { Grant, Ledger, Tenants } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { actorOf, auditLedgerOf, type Ingest } from '../ingest/index.ts';
import {
  createPartCheck,
  dueSegments,
  entriesOfPart,
  proveEntry,
  purgeSegment,
  verifyEntry,
  type CheckedPart,
  type CountedPart,
  type DueSegment,
  type Ledgers,
  type NoticedPart,
  type SegmentPart,
} from '../ledger/index.ts';
import { catchUp, countEntries, type Projection } from '../projections/index.ts';
import type { Database } from '../storage/index.ts';

export interface RetentionOptions {
  database: Database;
  tenants: Tenants;
  ledgers: Ledgers;
  ingest: Ingest;
  /** The projections that must have counted an entry before it is removed. */
  projections: readonly Projection[];
  /** Names this process in leases. */
  holder: string;
}

type Caller = Pick<Grant, 'caller' | 'tenant'>;
type Part = Omit<SegmentPart, 'ledger'>;

/** Removes entries that are older than the period of their ledger, one segment after the other. */
export function createRetention(options: RetentionOptions): Retention {
  const { database, tenants } = options;
  return {
    async run(grant, { dryRun }) {
      const all = await tenants.allLedgers();
      const byId = new Map(all.map((ledger) => [ledger.id, ledger]));
      const named = ({ parts, ...segment }: DueSegment): PurgedSegment => ({
        ...segment,
        parts: parts.flatMap(({ ledger: id, ...part }) => {
          const ledger = byId.get(id);
          return ledger ? [{ ...part, ledger }] : [];
        }),
      });
      const due = (await dueSegments(database, all)).map(named);
      if (dryRun) return due;
      const purged: PurgedSegment[] = [];
      const failures = new Map<number, unknown>();
      for (const segment of due) {
        // Segments of the same period are removed in order. A failure stops only the segments of that period.
        if (failures.has(segment.retentionClass)) continue;
        try {
          if (await purge(grant, segment, options)) purged.push(segment);
        } catch (error) {
          failures.set(segment.retentionClass, error);
        }
      }
      for (const failure of failures.values()) throw failure;
      return purged;
    },
  };
}

/**
 * Removes one segment. Before anything is dropped its entries are compared with the signed tree, and a signed event in the
 * audit ledger of each tenant announces what will go.
 */
async function purge(
  grant: Caller,
  { number, parts }: PurgedSegment,
  options: RetentionOptions,
): Promise<boolean> {
  const counted: CountedPart[] = [];
  const notices: NoticedPart[] = [];
  for (const { ledger, ...part } of parts) {
    if ((await options.ledgers.publish(ledger)) < part.endIndex) {
      throw new AuditError('unavailable', {
        detail: `ledger ${ledger.name} is not published up to ${part.endIndex}`,
      });
    }
    for (const projection of options.projections) await catchUp([ledger], { ...options, projection });
    const { counts, checked } = await readPart(ledger, part, options);
    counted.push(...counts);
    notices.push({
      ledger: ledger.id,
      index: await announce(grant, { ledger, part, checked }, options),
    });
  }
  return purgeSegment(options.database, number, { notices, counted });
}

/** Reads the entries of a part once: counts them, and compares them with the signed tree. */
async function readPart(
  ledger: Ledger,
  part: Part,
  { database, ledgers }: RetentionOptions,
): Promise<{ counts: CountedPart[]; checked: CheckedPart }> {
  const { firstIndex } = part;
  const check = await createPartCheck(database, { ledger, firstIndex, signer: ledgers.signer(ledger) });
  const counts = new Map<string, CountedPart>();
  for await (const entries of entriesOfPart(database, ledger, { ...part, ledger: ledger.id })) {
    for (const entry of entries) check.add(entry);
    for (const added of countEntries(entries)) {
      const key = `${added.bucket}\0${added.field}\0${added.value}\0${added.outcome}`;
      const existing = counts.get(key);
      if (existing) existing.count += added.count;
      else counts.set(key, { ...added, ledger: ledger.id });
    }
  }
  return { counts: [...counts.values()], checked: await check.finish() };
}

/**
 * Stores the event that announces the removal of a part, and publishes it. Returns its index in the audit ledger.
 * @throws unavailable when the period of the ledger, as a signed event states it, does not allow the removal
 */
async function announce(
  grant: Caller,
  { ledger, part, checked }: { ledger: Ledger; part: Part; checked: CheckedPart },
  options: RetentionOptions,
): Promise<number> {
  const { tenants, ingest, ledgers } = options;
  const tenant = (await tenants.list()).find(({ id }) => id === ledger.tenant);
  if (!tenant) throw refused(ledger, 'its tenant is unknown');
  const audit = await auditLedgerOf(tenant, tenants);
  const period = await readProved(audit, ledger.recordIndex, options);
  const notice: PurgeNotice = {
    ledger: ledger.name,
    firstIndex: part.firstIndex,
    endIndex: part.endIndex,
    root: encodeBase64(checked.root),
    retentionDays: ledger.retentionDays ?? 0,
    ingestedFrom: checked.ingestedFrom,
    ingestedTo: checked.ingestedTo,
  };
  const event = {
    ...purgeEvent(notice),
    id: noticeId(ledger, notice),
    actor: actorOf(grant.caller),
    outcome: 'success',
    level: 'high',
  } as const;
  // Judged before it is stored, so that no event announces what may not happen.
  const now = new Date().toISOString();
  const draft = { ledger: audit.name, ingestedAt: now, open: event, commitments: {} };
  const early = period ? purgeFault(ledger.name, { notice: draft, period }) : noPeriod;
  if (early !== undefined) throw refused(ledger, early);
  const [stored] = await ingest.reportAll(audit, [event]);
  const index = stored && 'index' in stored ? stored.index : null;
  if (index !== null) await ledgers.publish(audit);
  // A server that was stopped, or another one, may have stored the event before.
  const proved = await readProved(audit, index, options);
  const fault =
    period && proved ? purgeFault(ledger.name, { notice: proved, period }) : 'it was not published';
  if (index === null || fault !== undefined) throw refused(ledger, fault ?? 'it was not stored');
  return index;
}

const noPeriod = 'no signed event states its period';

/** An entry of the audit ledger whose inclusion proof holds; undefined when there is none. */
async function readProved(
  audit: Ledger,
  index: number | null,
  { database, ledgers }: RetentionOptions,
): Promise<Entry | undefined> {
  if (index === null) return undefined;
  const rowAccess = { tenant: audit.tenant, ledgers: [audit.id] };
  await ledgers.publish(audit);
  const proved = await database.read(rowAccess, (client) => proveEntry(client, audit, index));
  return proved && verifyEntry(proved, { ledger: audit, signer: ledgers.signer(audit) });
}

/** The same for every attempt to remove the same entries, so that the event is stored once. */
function noticeId({ origin }: Ledger, { firstIndex, endIndex, root, ingestedTo }: PurgeNotice): string {
  const digest = createHash('sha256').update(`${origin}\n${firstIndex}\n${endIndex}\n${root}`).digest();
  const random = {
    getRandomValues(bytes: Uint8Array): void {
      for (let at = 0; at < bytes.length; at++) bytes[at] = digest[at % digest.length] ?? 0;
    },
  };
  return uuidV7(Date.parse(ingestedTo), random);
}

function refused(ledger: Ledger, reason: string): AuditError {
  return new AuditError('unavailable', {
    detail: `the entries of ledger ${ledger.name} may not be removed: ${reason}`,
  });
}
