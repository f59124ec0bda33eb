import {
  canonicalJson,
  createUuidV7Source,
  parseEvent,
  type AuditEvent,
  type ReadEvent,
  type Rejection,
} from '@bitacora/event';
import type { AnyPack } from '@bitacora/pack-kit';
import type { Directory } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { AdmittedEvent, AppendResult, LedgerRow, Ledgers } from '../ledger/index.ts';
import { ownPathsMax, ownPathsOf } from '../query/index.ts';
import { admit } from './admit.ts';
import { createVocabulary } from './vocabulary.ts';

export interface EventError {
  /** A code of the event package's table of rejections, `conflict` or `expired`. */
  code: string;
  field: string;
  message: string;
  position?: number;
}

export type EventResult =
  /**
   * `expired`: imported, although the id is so old that its entry may have been purged. `pathsLeftOut`: the number of paths of
   * attributes and context by which the entry is not found, because it has more than `ownPathsMax`; it is found by their text.
   */
  | {
      id: string;
      index: number;
      leafHash: string;
      duplicate?: true;
      expired?: true;
      pathsLeftOut?: number;
    }
  | { id?: string; error: EventError };

export interface IngestAnswer {
  accepted: number;
  duplicates: number;
  rejected: number;
  /** One per event received, in order. */
  results: EventResult[];
}

export interface Ingest {
  /**
   * Admits the events and appends each one to the ledger that `ledgerOf` names; returns after the commits.
   * @throws unavailable, storage_full, too_many_requests
   */
  ingest(events: readonly ReadEvent[], target: IngestTarget): Promise<IngestAnswer>;
  /** Appends one event about the server itself to `ledger`. */
  report(ledger: LedgerRow, event: Omit<AuditEvent, 'id'>): Promise<AppendResult>;
  /** Appends several events that have ids already. An event whose id is stored is not stored again. */
  reportAll(ledger: LedgerRow, events: readonly AuditEvent[]): Promise<AppendResult[]>;
}

export interface IngestTarget {
  tenant: number;
  /** The ledger of events whose action no pack declares. */
  defaultLedger: LedgerRow;
  /** The ledger of an action's events. */
  ledgerOf: (action: string) => LedgerRow | Promise<LedgerRow>;
  /** An import sends events of the past, so none is refused as expired. */
  imported?: boolean;
}

export function createIngest(options: {
  ledgers: Ledgers;
  directory: Directory;
  packs: readonly AnyPack[];
  clock: () => number;
}): Ingest {
  const { ledgers, directory } = options;
  const policyOf = createVocabulary(options.packs);
  const secretSessions = options.packs.some(({ sessions }) => sessions?.secret === true);
  const createId = createUuidV7Source({ clock: options.clock });
  const now = (): { ingestedAt: string } => ({ ingestedAt: new Date(options.clock()).toISOString() });
  const reportAll = async (ledger: LedgerRow, events: readonly AuditEvent[]): Promise<AppendResult[]> => {
    const admitted = events.map((event) => ({
      event,
      received: canonicalJson(event),
      personal: policyOf(event.action).personal,
    }));
    return ledgers.append(ledger, admitted, now());
  };
  return {
    async ingest(events, target) {
      const results: EventResult[] = [];
      const parsed: Positioned<AuditEvent>[] = [];
      events.forEach((read, position) => {
        const result = read.ok ? parseEvent(read.value, { createId }) : read;
        if (result.ok) parsed.push({ position, value: result.event });
        else results[position] = refused(result.rejection, read);
      });
      const admitted = await admit(
        parsed.map(({ value }) => value),
        {
          tenant: target.tenant,
          policyOf,
          directory,
          hiddenSession: secretSessions ? ledgers.tenantKeys(target.tenant).hiddenSession : undefined,
        },
      );
      const accepted: Positioned<AdmittedEvent>[] = [];
      admitted.forEach((result, offset) => {
        const position = parsed[offset]?.position ?? 0;
        if ('rejection' in result) results[position] = { id: result.id, error: result.rejection };
        else accepted.push({ position, value: result });
      });
      const groups = await withStoredRetries(await byLedger(accepted, target), { target, ledgers });
      const appends = [...groups].map(async ([ledger, group]) => {
        const appended = await ledgers.append(
          ledger,
          group.map(({ value }) => value),
          { ...now(), imported: target.imported ?? false },
        );
        appended.forEach((result, offset) => putResult(results, group[offset], result));
      });
      await Promise.all(appends);
      return summary(results);
    },
    report: async (ledger, event) => onlyResult(await reportAll(ledger, [{ ...event, id: createId() }])),
    reportAll,
  };
}

function onlyResult([result]: readonly AppendResult[]): AppendResult {
  if (!result) throw new AuditError('internal', { operatorText: 'an append gave no result' });
  return result;
}

/** A value and its position among the events received. */
interface Positioned<T> {
  position: number;
  value: T;
}

async function byLedger(
  accepted: readonly Positioned<AdmittedEvent>[],
  target: IngestTarget,
): Promise<Map<LedgerRow, Positioned<AdmittedEvent>[]>> {
  const ledgerByAction = new Map<string, LedgerRow>();
  const groups = new Map<LedgerRow, Positioned<AdmittedEvent>[]>();
  for (const positioned of accepted) {
    const { action } = positioned.value.event;
    const ledger = ledgerByAction.get(action) ?? (await target.ledgerOf(action));
    ledgerByAction.set(action, ledger);
    const group = groups.get(ledger);
    if (group) group.push(positioned);
    else groups.set(ledger, [positioned]);
  }
  return groups;
}

/**
 * Moves retries into the group of the ledger that stored the event before. A pack that was added in between may have its own
 * ledger, but an event that the default ledger stores must not be stored there a second time.
 */
async function withStoredRetries(
  groups: Map<LedgerRow, Positioned<AdmittedEvent>[]>,
  { target, ledgers }: { target: IngestTarget; ledgers: Ledgers },
): Promise<Map<LedgerRow, Positioned<AdmittedEvent>[]>> {
  const { defaultLedger } = target;
  const regrouped = new Map<LedgerRow, Positioned<AdmittedEvent>[]>();
  const put = (ledger: LedgerRow, events: Positioned<AdmittedEvent>[]): void => {
    if (events.length > 0) regrouped.set(ledger, [...(regrouped.get(ledger) ?? []), ...events]);
  };
  for (const [ledger, group] of groups) {
    const stored =
      ledger.id === defaultLedger.id
        ? new Set<string>()
        : await ledgers.storedIds(
            defaultLedger,
            group.map(({ value }) => value.event.id),
          );
    put(
      defaultLedger,
      group.filter(({ value }) => stored.has(value.event.id)),
    );
    put(
      ledger,
      group.filter(({ value }) => !stored.has(value.event.id)),
    );
  }
  return regrouped;
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

function putResult(
  results: EventResult[],
  sent: Positioned<AdmittedEvent> | undefined,
  result: AppendResult,
): void {
  results[sent?.position ?? 0] = resultOf(result, sent?.value.event);
}

function resultOf(result: AppendResult, event: AuditEvent | undefined): EventResult {
  if (result.outcome === 'conflict') {
    return {
      id: result.id,
      error: { code: 'conflict', field: 'id', message: 'this id was stored with another body' },
    };
  }
  if (result.outcome === 'expired') {
    const message = 'retention may have removed an event with this id, so it is not stored again';
    return { id: result.id, error: { code: 'expired', field: 'id', message } };
  }
  const leftOut = Math.max(0, (event ? ownPathsOf(event).size : 0) - ownPathsMax);
  const place = {
    id: result.id,
    index: result.index,
    leafHash: result.leafHash.toString('base64'),
    ...(leftOut > 0 ? { pathsLeftOut: leftOut } : {}),
  };
  if (result.outcome === 'duplicate') return { ...place, duplicate: true };
  return result.expired ? { ...place, expired: true } : place;
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
