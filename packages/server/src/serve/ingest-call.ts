import type { ReadEvent } from '@bitacora/event';
import { auditLedgerName, ledgerFor, type Grant, type Ledger, type Tenants } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import {
  readBody,
  readSequences,
  type Ingest,
  type IngestAnswer,
  type PackLedgers,
  type Quota,
  type Sources,
} from '../ingest/index.ts';
import { problemMediaType } from './problem.ts';
import { reportAct } from './report-act.ts';
import type { Call } from './route.ts';

export interface IngestCallOptions {
  ingest: Ingest;
  packLedgers: PackLedgers;
  quota: Quota;
  sources: Sources;
  tenants: Tenants;
}

/** `POST /v1/events`: the ledger is the caller's to choose, the answer one result per event. */
export async function ingestCall(call: Call, options: IngestCallOptions): Promise<unknown> {
  const { query, request } = call;
  const bytes = Buffer.isBuffer(call.body) ? call.body : Buffer.alloc(0);
  const named = typeof query['ledger'] === 'string' ? query['ledger'] : undefined;
  const chosen = writableLedger(call.grant, named);
  const events = await readBody({
    bytes,
    contentType: request.headers['content-type'],
    contentEncoding: request.headers['content-encoding'],
  });
  const imported = query['imported'] === true;
  const target = { chosen, packLedgers: named === undefined, imported, options };
  const answer = await storeEvents(call, events, target);
  return ingestReply(call, answer);
}

/** @throws forbidden for the audit ledger, not_found */
function writableLedger(grant: Grant, named: string | undefined): Ledger {
  const chosen = ledgerFor(grant, named);
  if (chosen.name !== auditLedgerName(grant.tenant)) return chosen;
  throw new AuditError('forbidden', {
    parameter: 'ledger',
    detail: 'the audit ledger is written by the server alone',
  });
}

/** Stores what a caller sent, within his quota; what never arrived and what contradicts is put on record. */
export async function storeEvents(
  { grant, request }: Call,
  events: readonly ReadEvent[],
  target: { chosen?: Ledger; packLedgers: boolean; imported?: boolean; options: IngestCallOptions },
): Promise<IngestAnswer> {
  const { options, packLedgers, imported = false, chosen = writableLedger(grant, undefined) } = target;
  const sequences = readSequences(request.headers['bitacora-sequences'], events.length);
  options.quota.take(grant.tenant.id, events.length);
  const answer = await options.ingest.ingest(events, {
    tenant: grant.tenant.id,
    chosen,
    imported,
    ledgerOf: (action) => (packLedgers ? options.packLedgers.ledgerOf(grant, action, chosen) : chosen),
  });
  // After the append: a crash in between is a retry, never an event counted as arrived that is not there.
  if (sequences) await options.sources.received(grant.tenant.id, sequences);
  await reportConflicts(grant, answer, options);
  return answer;
}

/** The answer as it is, or a problem that names the first field when nothing was stored. */
export function ingestReply({ reply, request }: Call, answer: IngestAnswer): unknown {
  if (answer.accepted + answer.duplicates > 0) return answer;
  const conflict = answer.results.length === 1 && isConflict(answer);
  return reply
    .code(conflict ? 409 : 422)
    .type(problemMediaType)
    .send(JSON.stringify({ ...refusal(answer, conflict), correlationId: request.id, ...answer }));
}

const conflictsNamedMax = 20;

/** An id that comes again with another body is a fault of the host or an attempt to rewrite: it is put on record. */
async function reportConflicts(
  grant: Grant,
  answer: IngestAnswer,
  options: IngestCallOptions,
): Promise<void> {
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

function isConflict(answer: IngestAnswer): boolean {
  const [result] = answer.results;
  return result !== undefined && 'error' in result && result.error.code === 'conflict';
}

/** All refused: a problem that names the first field, with every result beside. */
function refusal(answer: IngestAnswer, conflict: boolean): Record<string, unknown> {
  const first = answer.results.find((result) => 'error' in result);
  const error = first && 'error' in first ? first.error : undefined;
  return {
    type: `urn:bitacora:problem:${conflict ? 'conflict' : 'events_rejected'}`,
    title: conflict ? new AuditError('conflict').title : 'No event was accepted',
    status: conflict ? 409 : 422,
    detail: error && (error.field === '' ? error.message : `${error.field}: ${error.message}`),
    parameter: error?.field,
  };
}
