import type { JsonValue, ReadEvent } from '@bitacora/event';
import { auditLedgerName, ledgerFor, type Grant, type Ledger, type Tenants } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { ownPathsOf } from '../query/index.ts';
import type { Idempotency, KeyedRequest } from './idempotency.ts';
import type { Ingest, IngestAnswer } from './ingest.ts';
import type { PackLedgers } from './pack-ledgers.ts';
import type { Quota } from './quota.ts';
import { reportAct } from './report-act.ts';
import { readSequences } from './sequences.ts';
import type { Sources } from './sources.ts';

/** What is needed to store the events of a caller. */
export interface StoreOptions {
  readonly ingest: Ingest;
  readonly packLedgers: PackLedgers;
  readonly quota: Quota;
  readonly sources: Sources;
  readonly idempotency: Idempotency;
  readonly tenants: Tenants;
}

/** The caller who sends events, and their request. */
export interface Sender {
  readonly grant: Grant;
  readonly request: KeyedRequest;
}

export interface StoreTarget {
  /** Absent: the tenant's default ledger. */
  readonly defaultLedger?: Ledger;
  /** Whether an event goes to the ledger of the pack that declares its action. */
  readonly packLedgers: boolean;
  readonly imported?: boolean;
  readonly options: StoreOptions;
}

/** The ledger that a caller named, or the default one. @throws forbidden for the audit ledger, not_found */
export function writableLedger(grant: Grant, name: string | undefined): Ledger {
  const ledger = ledgerFor(grant, name);
  if (ledger.name !== auditLedgerName(grant.tenant)) return ledger;
  throw new AuditError('forbidden', {
    parameter: 'ledger',
    detail: 'only the server writes to the audit ledger',
  });
}

/**
 * Stores the events of a caller within the tenant's quota. Notes which sequence numbers arrived, and reports ids that came
 * again with another body to the audit ledger.
 */
export async function storeEvents(
  { grant, request }: Sender,
  sent: readonly ReadEvent[],
  target: StoreTarget,
): Promise<IngestAnswer> {
  const { options, packLedgers, imported = false, defaultLedger = writableLedger(grant, undefined) } = target;
  const sequences = readSequences(request.headers['bitacora-sequences'], sent.length);
  options.quota.take(grant.tenant.id, sent.length, () => sent.map(pathsOf));
  const events = await options.idempotency.withIds(grant.tenant.id, request, sent);
  const answer = await options.ingest.ingest(events, {
    tenant: grant.tenant.id,
    defaultLedger,
    imported,
    ledgerOf: (action) =>
      packLedgers ? options.packLedgers.ledgerOf(grant, action, defaultLedger) : defaultLedger,
  });
  // Noted after the append: if the server crashes in between, the sender tries again, and no number counts as arrived while
  // its event is not stored.
  if (sequences) await options.sources.received(grant.tenant.id, sequences);
  await reportConflicts(grant, answer, options);
  return answer;
}

/** The paths of an event as it came; none of one that is no object: it will be refused. */
function pathsOf(read: ReadEvent): ReadonlySet<string> {
  if (!read.ok || typeof read.value !== 'object' || read.value === null) return new Set();
  const { attributes, context }: { attributes?: JsonValue; context?: JsonValue } = read.value;
  return ownPathsOf({ attributes, context });
}

const conflictsNamedMax = 20;

/** Reports ids that came again with another body: the host has a fault, or somebody tries to rewrite an event. */
async function reportConflicts(grant: Grant, answer: IngestAnswer, options: StoreOptions): Promise<void> {
  const ids = answer.results.flatMap((result) =>
    'error' in result && result.error.code === 'conflict' && result.id !== undefined ? [result.id] : [],
  );
  if (ids.length === 0) return;
  await reportAct(
    grant,
    {
      action: 'event.conflict',
      operation: 'update',
      outcome: 'failure',
      targets: ids.slice(0, conflictsNamedMax).map((id) => ({ type: 'event', id })),
      attributes: { conflicts: ids.length },
    },
    options,
  );
}
