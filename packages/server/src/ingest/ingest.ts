import {
  createUuidV7Source,
  parseEvent,
  type AuditEvent,
  type ReadEvent,
  type Rejection,
} from '@bitacora/event';
import type { Directory } from '../access/index.ts';
import type { Admitted, AppendResult, LedgerRow, Ledgers } from '../ledger/index.ts';
import { admit } from './admit.ts';
import { createVocabulary, type IngestPack } from './vocabulary.ts';

export interface EventError {
  /** A code of the event package's table of rejections, or `conflict`. */
  code: string;
  field: string;
  message: string;
  position?: number;
}

export type EventResult =
  { id: string; index: number; leafHash: string; duplicate?: true } | { id?: string; error: EventError };

export interface IngestAnswer {
  accepted: number;
  duplicates: number;
  rejected: number;
  /** One per event received, in order. */
  results: EventResult[];
}

export interface Ingest {
  /** Admits what was read and appends it; returns after the commit. @throws unavailable, storage_full, too_many_requests */
  ingest(ledger: LedgerRow, events: readonly ReadEvent[]): Promise<IngestAnswer>;
  /** One event of the server's own, into `ledger`. */
  report(ledger: LedgerRow, event: Omit<AuditEvent, 'id'>): Promise<void>;
}

export function createIngest(options: {
  ledgers: Ledgers;
  directory: Directory;
  packs: readonly IngestPack[];
  clock: () => number;
}): Ingest {
  const { ledgers } = options;
  const policyOf = createVocabulary(options.packs);
  const createId = createUuidV7Source({ clock: options.clock });
  return {
    async ingest(ledger, events) {
      const results: EventResult[] = [];
      const pending: { position: number; event: AuditEvent }[] = [];
      events.forEach((read, position) => {
        const parsed = read.ok ? parseEvent(read.value, { createId }) : read;
        if (parsed.ok) pending.push({ position, event: parsed.event });
        else results[position] = refused(parsed.rejection, read);
      });
      const admitted = await admit(
        pending.map((one) => one.event),
        { ledger, policyOf, directory: options.directory },
      );
      const places: number[] = [];
      const accepted: Admitted[] = [];
      admitted.forEach((one, offset) => {
        const position = pending[offset]?.position ?? 0;
        if ('rejection' in one) {
          results[position] = { id: one.id, error: one.rejection };
          return;
        }
        places.push(position);
        accepted.push(one);
      });
      if (accepted.length > 0) {
        const ingestedAt = new Date(options.clock()).toISOString();
        const appended = await ledgers.append(ledger, accepted, { ingestedAt });
        appended.forEach((result, offset) => (results[places[offset] ?? 0] = answered(result)));
      }
      return summary(results);
    },
    async report(ledger, event) {
      const full: AuditEvent = { ...event, id: createId() };
      const personal = policyOf(event.action).personal;
      await ledgers.append(ledger, [{ event: full, received: undefined, personal }], {
        ingestedAt: new Date(options.clock()).toISOString(),
      });
    },
  };
}

function refused(rejection: Rejection, read: ReadEvent): EventResult {
  const value =
    read.ok && typeof read.value === 'object' && read.value !== null && 'id' in read.value
      ? read.value.id
      : undefined;
  return typeof value === 'string' && value.length <= 64
    ? { id: value, error: rejection }
    : { error: rejection };
}

function answered(result: AppendResult): EventResult {
  if (result.outcome === 'conflict') {
    return {
      id: result.id,
      error: { code: 'conflict', field: 'id', message: 'this id was stored with another body' },
    };
  }
  const place = { id: result.id, index: result.index, leafHash: result.leafHash.toString('base64') };
  return result.outcome === 'duplicate' ? { ...place, duplicate: true } : place;
}

function summary(results: EventResult[]): IngestAnswer {
  const answer: IngestAnswer = { accepted: 0, duplicates: 0, rejected: 0, results };
  for (const result of results) {
    if ('error' in result) answer.rejected++;
    else if (result.duplicate) answer.duplicates++;
    else answer.accepted++;
  }
  return answer;
}
