import { AuditError } from '../audit-error.ts';
import type { IngestAnswer } from './ingest.ts';

/** The problem that a sender gets when none of their events was stored. */
export interface Refusal {
  readonly status: 409 | 422;
  /** Members of an RFC 9457 problem that names the first field. */
  readonly problem: {
    readonly type: string;
    readonly title: string;
    readonly status: number;
    readonly detail: string | undefined;
    readonly parameter: string | undefined;
  };
}

/** Undefined when at least one event was stored or had been stored before. */
export function refusalOf(answer: IngestAnswer): Refusal | undefined {
  if (answer.accepted + answer.duplicates > 0) return undefined;
  const first = answer.results.find((result) => 'error' in result);
  const error = first && 'error' in first ? first.error : undefined;
  const conflict = answer.results.length === 1 && error?.code === 'conflict';
  const status = conflict ? 409 : 422;
  return {
    status,
    problem: {
      type: `urn:bitacora:problem:${conflict ? 'conflict' : 'events_rejected'}`,
      title: conflict ? new AuditError('conflict').title : 'No event was accepted',
      status,
      detail: error && (error.field === '' ? error.message : `${error.field}: ${error.message}`),
      parameter: error?.field,
    },
  };
}
