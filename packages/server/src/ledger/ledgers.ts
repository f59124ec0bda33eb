import type { Signer } from '@bitacora/tlog';
import type { Client, Database, DataDirectory } from '../storage/index.ts';
import { createCheckpointFile } from './checkpoints.ts';
import { createLeafFile } from './leaf-file.ts';
import { openLedger, signerOf, type OpenLedger, type OpenLedgerOptions } from './open-ledger.ts';
import { createPersons, type Persons } from './persons.ts';
import type { EntryView } from './event-views.ts';
import { followEntries } from './follow-entries.ts';
import { createRecentMemory, type FollowedEntry } from './recent-events.ts';
import { findRollback } from './rollback.ts';
import { createRollbackWatch, type RollbackListener } from './rollback-watch.ts';
import { seal, type AdmittedEvent } from './seal.ts';
import type { AppendResult, LedgerRow } from './sealed-event.ts';
import { createSegments, type SegmentLimits, type Segments } from './segments.ts';
import { storedIds } from './stored-ids.ts';
import { deriveTenantKeys, type TenantKeys } from './tenant-keys.ts';

export type AppendedListener = (ledger: LedgerRow, count: number) => void;

export interface Ledgers {
  /** Appends admitted events durably; one result per event, in order. @throws unavailable, storage_full, too_many_requests */
  append(
    ledger: LedgerRow,
    events: readonly AdmittedEvent[],
    options: {
      ingestedAt: string;
      /** Events of the past: none is refused as expired. */
      imported?: boolean;
    },
  ): Promise<AppendResult[]>;
  /** Integrates and publishes the entries of a ledger; returns the published size. */
  publish(ledger: LedgerRow): Promise<number>;
  /**
   * Compares a ledger with the newest checkpoint outside the database. When the database was put back to an older state, the
   * ledger counts as rolled back.
   */
  checkRollback(ledger: LedgerRow): Promise<void>;
  /** Calls the listener after each commit of this process with the number of entries appended. The listener must not throw. */
  onAppended(listener: AppendedListener): void;
  /** Calls the listener once for each ledger that is found to be rolled back; it is read-only from then on. */
  onRollback(listener: RollbackListener): void;
  /** Entries `[first, end)` for a follower, read in its transaction, or from memory when this process just appended them. */
  follow(client: Client, ledger: LedgerRow, range: { first: number; end: number }): Promise<FollowedEntry[]>;
  /** Entries `[first, end)` as `eventViews` gives them, if this process just appended all of them; else undefined. */
  justAppended(ledger: LedgerRow, range: { first: number; end: number }): EntryView[] | undefined;
  /** The index of each of these event ids that a ledger holds. */
  storedIds(ledger: LedgerRow, ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  segments: Segments;
  persons(tenant: number): Persons;
  /** The same without what this process remembers: every key and profile comes from the database. */
  unrememberedPersons(tenant: number): Persons;
  tenantKeys(tenant: number): TenantKeys;
  signer(ledger: LedgerRow): Signer;
  drain(): Promise<void>;
}

export interface LedgersOptions {
  database: Database;
  directory: DataDirectory;
  segmentLimits: SegmentLimits;
}

/** Everything that writes entries: one writer and one integrator per ledger in this process. */
export function createLedgers(options: LedgersOptions): Ledgers {
  const { database, directory } = options;
  const checkpointFile = createCheckpointFile(directory.path);
  const segments = createSegments({ database, limits: options.segmentLimits });
  const rollbacks = createRollbackWatch();
  const appendedListeners: AppendedListener[] = [];
  const signingSeed = directory.secret('signing');
  const checkRollback = async (ledger: LedgerRow): Promise<void> => {
    const signer = signerOf(ledger, signingSeed);
    const problem = await findRollback({ ledger, signer, database, file: checkpointFile });
    if (problem !== undefined) rollbacks.add(ledger, problem);
  };
  const tenantOf = createTenantCrypto(database, directory.secret('master'));
  const open = createOpenLedgers({
    database,
    segments,
    signingSeed,
    checkpointFile,
    leafFile: createLeafFile(directory.path),
    async compare(ledger) {
      await checkRollback(ledger);
      rollbacks.requireWritable(ledger);
    },
    onAppended(ledger, count) {
      for (const listener of appendedListeners) listener(ledger, count);
    },
  });
  return {
    async append(ledger, events, { ingestedAt, imported = false }) {
      rollbacks.requireWritable(ledger);
      const { keys, persons } = tenantOf(ledger.tenant);
      const sealed = await seal(events, { ledgerName: ledger.name, ingestedAt, persons, tenantKeys: keys });
      return rollbacks.during(ledger, open.get(ledger).writer.append(sealed, { imported }));
    },
    publish: (ledger) =>
      rollbacks.has(ledger)
        ? Promise.resolve(0)
        : rollbacks.during(ledger, open.get(ledger).integrator.run()),
    onAppended: (listener) => void appendedListeners.push(listener),
    onRollback: rollbacks.onRollback,
    checkRollback,
    follow(client, ledger, range) {
      const { keys, persons } = tenantOf(ledger.tenant);
      const { recent } = open.get(ledger);
      return followEntries(client, ledger.id, range, { recent, persons, tenantKeys: keys });
    },
    justAppended: (ledger, { first, end }) => open.get(ledger).recent.views(first, end),
    storedIds: (ledger, ids) => storedIds(database, ledger, ids),
    segments,
    persons: (id) => tenantOf(id).persons,
    unrememberedPersons: (tenant) => createPersons({ database, tenant, tenantKeys: tenantOf(tenant).keys }),
    tenantKeys: (id) => tenantOf(id).keys,
    signer: (ledger) => open.get(ledger).signer,
    drain: open.drain,
  };
}

/** The keys and persons of each tenant, made once in a process. */
function createTenantCrypto(
  database: Database,
  master: Buffer,
): (tenant: number) => { keys: TenantKeys; persons: Persons } {
  const tenants = new Map<number, { keys: TenantKeys; persons: Persons }>();
  return (tenant) => {
    const existing = tenants.get(tenant);
    if (existing) return existing;
    const keys = deriveTenantKeys(master, tenant);
    const crypto = { keys, persons: createPersons({ database, tenant, tenantKeys: keys }) };
    tenants.set(tenant, crypto);
    return crypto;
  };
}

/** Ledgers are opened at their first use and stay open: a process has few of them. */
function createOpenLedgers(options: Omit<OpenLedgerOptions, 'recent'>): {
  get(ledger: LedgerRow): OpenLedger;
  drain(): Promise<void>;
} {
  const createRecent = createRecentMemory();
  const open = new Map<number, OpenLedger>();
  return {
    get(ledger) {
      const existing = open.get(ledger.id);
      if (existing) return existing;
      const opened = openLedger(ledger, { ...options, recent: createRecent() });
      open.set(ledger.id, opened);
      return opened;
    },
    async drain() {
      await Promise.all([...open.values()].map(({ writer }) => writer.drain()));
    },
  };
}
