import { createPrivateKey, sign as signBytes } from 'node:crypto';
import { createEd25519Signer, type Signer } from '@bitacora/tlog';
import { AuditError } from '../audit-error.ts';
import type { Client, Database, DataDirectory } from '../storage/index.ts';
import { createCheckpointFile, type CheckpointFile } from './checkpoints.ts';
import { createIntegrator, type Integrator } from './integrate.ts';
import { createLeafFile } from './leaf-file.ts';
import { LedgerShrank } from './ledger-shrank.ts';
import { createPersons, type Persons } from './persons.ts';
import type { EntryView } from './event-views.ts';
import { followEntries } from './follow-entries.ts';
import { createPendingLeaves } from './pending-leaves.ts';
import { createRecentMemory, type FollowedEntry, type RecentEvents } from './recent-events.ts';
import { findRollback } from './rollback.ts';
import { seal, type Admitted } from './seal.ts';
import type { AppendResult, LedgerRow, SealedEvent } from './sealed-event.ts';
import { createSegments, type SegmentLimits, type Segments } from './segments.ts';
import { storedIds } from './stored-ids.ts';
import { deriveTenantKeys, type TenantKeys } from './tenant-keys.ts';
import { createWriter, type Writer } from './writer.ts';

/** Entries that were committed by this process, in order of index. */
interface AppendedEntries {
  ledger: LedgerRow;
  firstIndex: number;
  events: readonly SealedEvent[];
}

export interface Ledgers {
  /** Appends admitted events durably; one result per event, in order. @throws unavailable, storage_full, too_many_requests */
  append(
    ledger: LedgerRow,
    events: readonly Admitted[],
    options: {
      ingestedAt: string;
      /** Events of the past: none is refused as expired. */ imported?: boolean;
    },
  ): Promise<AppendResult[]>;
  /** Integrates and publishes what a ledger has; the size published. */
  publish(ledger: LedgerRow): Promise<number>;
  /**
   * Compares a ledger with the newest checkpoint outside the database. A database restored to an older state answers
   * with what was found; appends are refused from then on.
   */
  checkRollback(ledger: LedgerRow): Promise<string | undefined>;
  /** Rollbacks that were noticed in work since the last call; such a ledger is read-only from then on. */
  takeProblems(): string[];
  /** Entries `[first, end)` for a follower, in its transaction; from memory where this process just appended them. */
  follow(client: Client, ledger: LedgerRow, range: { first: number; end: number }): Promise<FollowedEntry[]>;
  /** Entries `[first, end)` as `eventViews` gives them, where this process just appended them all; undefined otherwise. */
  justAppended(ledger: LedgerRow, range: { first: number; end: number }): EntryView[] | undefined;
  /** Which of these event ids a ledger holds. */
  storedIds(ledger: LedgerRow, ids: readonly string[]): Promise<Set<string>>;
  segments: Segments;
  persons(tenant: number): Persons;
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
  const master = directory.secret('master');
  const signingSeed = directory.secret('signing');
  const file = createCheckpointFile(directory.path);
  const leafFile = createLeafFile(directory.path);
  const segments = createSegments({ database, limits: options.segmentLimits });
  const open = new Map<number, OpenLedger>();
  const tenants = new Map<number, { keys: TenantKeys; persons: Persons }>();
  const createRecent = createRecentMemory();
  const rolledBack = new Map<number, string>();
  let problems: string[] = [];
  const noticing = async <T>(ledger: LedgerRow, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof LedgerShrank && !rolledBack.has(ledger.id)) {
        rolledBack.set(ledger.id, error.message);
        problems.push(error.message);
      }
      throw error;
    }
  };

  const tenant = (id: number): { keys: TenantKeys; persons: Persons } => {
    const known = tenants.get(id);
    if (known) return known;
    const keys = deriveTenantKeys(master, id);
    const made = { keys, persons: createPersons({ database, tenant: id, tenantKeys: keys }) };
    tenants.set(id, made);
    return made;
  };
  const openLedger = (ledger: LedgerRow): OpenLedger => {
    const known = open.get(ledger.id);
    if (known) return known;
    const leaves = createPendingLeaves();
    const recent = createRecent();
    const onAppended = (appended: AppendedEntries): void => {
      leaves.add(appended.firstIndex, appended.events);
      recent.add(appended.firstIndex, appended.events);
    };
    const signer = signerOf(ledger, signingSeed);
    const made = {
      signer,
      recent,
      writer: createWriter({ ledger, database, segments, onAppended }),
      integrator: createIntegrator({
        ledger,
        database,
        signer,
        leafHashes: leaves.take,
        keepLeaves: (first, hashes) => leafFile.keep(ledger.name, first, hashes),
        publish: publishTo(file),
      }),
    };
    open.set(ledger.id, made);
    return made;
  };
  return {
    async append(ledger, events, { ingestedAt, imported = false }) {
      const reason = rolledBack.get(ledger.id);
      if (reason !== undefined)
        throw new AuditError('unavailable', { operatorText: reason, detail: 'the ledger is read-only' });
      const { keys, persons } = tenant(ledger.tenant);
      const sealed = await seal(events, { ledgerName: ledger.name, ingestedAt, persons, tenantKeys: keys });
      return noticing(ledger, openLedger(ledger).writer.append(sealed, { imported }));
    },
    publish: (ledger) =>
      rolledBack.has(ledger.id) ? Promise.resolve(0) : noticing(ledger, openLedger(ledger).integrator.run()),
    takeProblems() {
      const taken = problems;
      problems = [];
      return taken;
    },
    async checkRollback(ledger) {
      const found = await findRollback({ ledger, database, file });
      if (found !== undefined) rolledBack.set(ledger.id, found);
      return found;
    },
    follow(client, ledger, range) {
      const { keys, persons } = tenant(ledger.tenant);
      return followEntries(client, ledger.id, range, {
        recent: openLedger(ledger).recent,
        persons,
        tenantKeys: keys,
      });
    },
    justAppended: (ledger, { first, end }) => openLedger(ledger).recent.views(first, end),
    storedIds: (ledger, ids) => storedIds(database, ledger, ids),
    segments,
    persons: (id) => tenant(id).persons,
    tenantKeys: (id) => tenant(id).keys,
    signer: (ledger) => openLedger(ledger).signer,
    async drain() {
      await Promise.all([...open.values()].map(({ writer }) => writer.drain()));
    },
  };
}

interface OpenLedger {
  signer: Signer;
  recent: RecentEvents;
  writer: Writer;
  integrator: Integrator;
}

/** One key signs all trees of an installation; the name of each signer is the tree's origin. */
function signerOf(ledger: LedgerRow, seed: Buffer): Signer {
  const signer = createEd25519Signer({ name: ledger.origin, seed });
  // DER prefix of an Ed25519 private key (RFC 8410): Node's own signing takes 46 µs.
  const key = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  });
  return Object.freeze({ ...signer, sign: (message: Uint8Array) => signBytes(null, message, key) });
}

function publishTo(file: CheckpointFile): (note: { ledger: LedgerRow; note: string }) => Promise<void> {
  return ({ ledger, note }) => file.append(ledger.name, note);
}
