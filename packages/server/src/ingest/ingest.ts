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
import type { AdmittedEvent, AppendResult, LedgerRow, Ledgers } from '../ledger/index.ts';
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
  /** `expired`: imported, although the id is older than what was purged of the ledger. */
  | { id: string; index: number; leafHash: string; duplicate?: true; expired?: true }
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
   * Admits what was read and appends it, each event to the ledger that `ledgerOf` names; returns after the commits.
   * @throws unavailable, storage_full, too_many_requests
   */
  ingest(events: readonly ReadEvent[], target: IngestTarget): Promise<IngestAnswer>;
  /** One event of the server's own, into `ledger`. */
  report(ledger: LedgerRow, event: Omit<AuditEvent, 'id'>): Promise<void>;
  /** Several at once, with ids of their own: one that is there already is left as it is. */
  reportAll(ledger: LedgerRow, events: readonly AuditEvent[]): Promise<void>;
}

export interface IngestTarget {
  tenant: number;
  /** Where events go that no pack claims. */
  chosen: LedgerRow;
  /** Where an action's events go. */
  ledgerOf: (action: string) => LedgerRow | Promise<LedgerRow>;
  /** Events of the past, by an import: none is refused as expired. */
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
  const reportAll = async (ledger: LedgerRow, events: readonly AuditEvent[]): Promise<void> => {
    const admitted = events.map((event) => ({
      event,
      received: canonicalJson(event),
      personal: policyOf(event.action).personal,
    }));
    await ledgers.append(ledger, admitted, now());
  };
  return {
    async ingest(events, target) {
      const results: EventResult[] = [];
      const parsed: Placed<AuditEvent>[] = [];
      events.forEach((read, position) => {
        const one = read.ok ? parseEvent(read.value, { createId }) : read;
        if (one.ok) parsed.push({ position, value: one.event });
        else results[position] = refused(one.rejection, read);
      });
      const admitted = await admit(
        parsed.map(({ value }) => value),
        {
          ...{ tenant: target.tenant, policyOf, directory },
          hiddenSession: secretSessions ? ledgers.tenantKeys(target.tenant).hiddenSession : undefined,
        },
      );
      const accepted: Placed<AdmittedEvent>[] = [];
      admitted.forEach((one, offset) => {
        const position = parsed[offset]?.position ?? 0;
        if ('rejection' in one) results[position] = { id: one.id, error: one.rejection };
        else accepted.push({ position, value: one });
      });
      const groups = await keepRetriesWhereTheyAre(await byLedger(accepted, target), { target, ledgers });
      const appends = [...groups].map(async ([ledger, placed]) => {
        const appended = await ledgers.append(
          ledger,
          placed.map(({ value }) => value),
          { ...now(), imported: target.imported ?? false },
        );
        appended.forEach((result, offset) => (results[placed[offset]?.position ?? 0] = answered(result)));
      });
      await Promise.all(appends);
      return summary(results);
    },
    report: (ledger, event) => reportAll(ledger, [{ ...event, id: createId() }]),
    reportAll,
  };
}

/** A value and its place among the events received. */
interface Placed<T> {
  position: number;
  value: T;
}

async function byLedger(
  accepted: readonly Placed<AdmittedEvent>[],
  target: IngestTarget,
): Promise<Map<LedgerRow, Placed<AdmittedEvent>[]>> {
  const chosen = new Map<string, LedgerRow>();
  const groups = new Map<LedgerRow, Placed<AdmittedEvent>[]>();
  for (const placed of accepted) {
    const { action } = placed.value.event;
    const ledger = chosen.get(action) ?? (await target.ledgerOf(action));
    chosen.set(action, ledger);
    const group = groups.get(ledger);
    if (group) group.push(placed);
    else groups.set(ledger, [placed]);
  }
  return groups;
}

/**
 * A pack that is added later gets a ledger of its own; a retry of an event that was stored before belongs to the ledger
 * that has it: ids are idempotency keys for ever, whatever packs come.
 */
async function keepRetriesWhereTheyAre(
  groups: Map<LedgerRow, Placed<AdmittedEvent>[]>,
  { target, ledgers }: { target: IngestTarget; ledgers: Ledgers },
): Promise<Map<LedgerRow, Placed<AdmittedEvent>[]>> {
  const { chosen } = target;
  const kept = new Map<LedgerRow, Placed<AdmittedEvent>[]>();
  const put = (ledger: LedgerRow, placed: Placed<AdmittedEvent>[]): void => {
    if (placed.length > 0) kept.set(ledger, [...(kept.get(ledger) ?? []), ...placed]);
  };
  for (const [ledger, placed] of groups) {
    const stored =
      ledger.id === chosen.id
        ? new Set<string>()
        : await ledgers.storedIds(
            chosen,
            placed.map(({ value }) => value.event.id),
          );
    put(
      chosen,
      placed.filter(({ value }) => stored.has(value.event.id)),
    );
    put(
      ledger,
      placed.filter(({ value }) => !stored.has(value.event.id)),
    );
  }
  return kept;
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
  if (result.outcome === 'expired') {
    const message = 'older than the entries that retention removed: it may have been one of them';
    return { id: result.id, error: { code: 'expired', field: 'id', message } };
  }
  const place = { id: result.id, index: result.index, leafHash: result.leafHash.toString('base64') };
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
