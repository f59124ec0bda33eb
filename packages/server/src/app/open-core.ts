import type { AnyPack } from '@bitacora/pack-kit';
import { pino, type Logger } from 'pino';
import {
  createApiKeys,
  createDirectory,
  createTenants,
  type ApiKeys,
  type Directory,
  type Tenants,
} from '../access/index.ts';
import { createIngest, type Ingest } from '../ingest/index.ts';
import { createLedgers, type Ledgers } from '../ledger/index.ts';
import { createLoopTurns, type LoopTurns } from '../loop-turns.ts';
import {
  catchUp,
  createPostings,
  createRollups,
  type Postings,
  type Projection,
} from '../projections/index.ts';
import type { ReadContext } from '../read/index.ts';
import { openRecent, type RecentStore } from '../recent/index.ts';
import { createSessions, type SessionContext } from '../sessions/index.ts';
import type { Settings } from '../settings/index.ts';
import {
  openDataDirectory,
  openStorage,
  type Database,
  type DataDirectory,
  type Storage,
} from '../storage/index.ts';
import { ensureAdminKey } from './default-tenant.ts';
import { createHealth, type Health } from './health.ts';
import { openLeases, type Leases } from './leases.ts';
import { version } from './version.ts';

export interface CoreOptions {
  /** Aborted when the server shall stop, also before it is ready. */
  readonly stop: AbortSignal;
  readonly settings: Settings;
  readonly packs: readonly AnyPack[];
  readonly clock: () => number;
}

/** Everything that works without HTTP: the way of an event from ingest to the read side. */
export interface Core extends CoreOptions {
  readonly logger: Logger;
  readonly directory: DataDirectory;
  readonly database: Database;
  readonly tenants: Tenants;
  readonly apiKeys: ApiKeys;
  readonly adminKey: string;
  readonly health: Health;
  readonly leases: Leases;
  readonly ledgers: Ledgers;
  readonly records: Directory;
  readonly ingest: Ingest;
  readonly postings: Postings;
  readonly rollups: Projection;
  readonly sessions: Projection;
  /** Undefined when it is turned off. */
  readonly recent: RecentStore | undefined;
  readonly turns: LoopTurns;
  readonly read: SessionContext;
  /** Closes everything in the reverse order of opening. */
  close(): Promise<void>;
}

/** Opens the data directory, the database and all rooms. @throws AuditError when the server must not start */
export async function openCore(options: CoreOptions): Promise<Core> {
  const { settings } = options;
  const logger = pino({ level: settings.logLevel, base: { service: 'bitacora', version } });
  const directory = openDataDirectory(settings.dataDirectory);
  if (directory.abandonedBy !== undefined)
    logger.warn(
      `the server before (process ${directory.abandonedBy}) ended without closing: the database recovers what was committed`,
    );
  let closing = false;
  const storage = await openStorage({
    databaseUrl: settings.databaseUrl,
    databasePooler: settings.databasePooler,
    directory,
    onError: (error) => {
      if (!closing) logger.warn({ err: error }, 'a database connection was lost');
    },
  }).catch((error: unknown) => {
    directory.close();
    throw error;
  });
  const stages = await openStages(options, {
    logger,
    directory,
    database: storage.database,
    databaseFolders: storage.embedded ? [storage.embedded.folder] : [],
  }).catch(async (error: unknown) => {
    closing = true;
    await storage.close();
    directory.close();
    throw error;
  });
  return Object.freeze({
    ...options,
    ...stages,
    async close() {
      closing = true;
      await closeCore(stages, storage);
    },
  });
}

type Stages = Omit<Core, keyof CoreOptions | 'close'>;

async function openStages(
  { settings, packs, clock, stop }: CoreOptions,
  {
    databaseFolders,
    ...base
  }: Pick<Core, 'logger' | 'directory' | 'database'> & { databaseFolders: string[] },
): Promise<Stages> {
  const { logger, directory, database } = base;
  stop.throwIfAborted();
  const tenants = createTenants({ database, origin: settings.origin, clock });
  const apiKeys = createApiKeys({ database, clock });
  const health = createHealth({
    database,
    server: `${settings.host}:${settings.port}/${process.pid}`,
    folders: [directory.path, ...databaseFolders],
    clock,
    logger,
  });
  const adminKey = await ensureAdminKey({ tenants, apiKeys, adminKey: settings.adminKey, directory });
  const ledgers = await openLedgers(settings, { ...base, tenants, health });
  const leases = await openLeases({ database, tenants, path: directory.path });
  const records = createDirectory(database);
  const ingest = createIngest({ ledgers, directory: records, packs, clock });
  const sessions = createSessions({ ledgers, packs });
  const turns = createLoopTurns();
  const reading = await openReading(settings, { ...base, ledgers, packs, turns, clock });
  return {
    ...base,
    tenants,
    apiKeys,
    adminKey,
    health,
    leases,
    ledgers,
    records,
    ingest,
    sessions,
    turns,
    rollups: createRollups(ledgers),
    postings: reading.postings,
    recent: reading.recent,
    read: {
      ...reading.context,
      sessionIdleMs: settings.hostSessionIdleMinutes * 60_000,
      sessionsUpToDate: (all) => catchUp(all, { database, projection: sessions, holder: leases.holder }),
    },
  };
}

/** Opens the ledgers and compares each with its checkpoints outside the database, before anything else uses them. */
async function openLedgers(
  settings: Settings,
  core: Pick<Core, 'database' | 'directory' | 'tenants' | 'health' | 'logger'>,
): Promise<Ledgers> {
  const { database, directory, tenants, health, logger } = core;
  const segmentLimits = {
    entriesMax: settings.segmentEntriesMax,
    ageMaxMs: settings.segmentAgeHoursMax * 3_600_000,
  };
  const ledgers = createLedgers({ database, directory, segmentLimits });
  ledgers.onRollback((problem) => {
    health.add({ shown: 'rollback detected: a ledger is read-only', detail: problem });
    logger.error(problem);
  });
  for (const ledger of await tenants.allLedgers()) await ledgers.checkRollback(ledger);
  return ledgers;
}

async function openReading(
  settings: Settings,
  core: Pick<Core, 'database' | 'directory' | 'ledgers' | 'packs' | 'turns' | 'clock'>,
): Promise<{ postings: Postings; recent: RecentStore | undefined; context: ReadContext }> {
  const { database, directory, ledgers, packs, turns, clock } = core;
  const cacheBytesMax = settings.cacheMegabytesMax * 1024 * 1024;
  const postings = createPostings({ database, ledgers, cacheBytesMax });
  const plain = { database, ledgers, postings, turns, pageSources: [], zone: settings.timeZone, clock };
  const recent = await openRecent(plain, { settings: settings.recent, packs, directory });
  if (!recent) return { postings, recent, context: plain };
  ledgers.onAppended(recent.recent.appended);
  return { postings, recent, context: { ...plain, pageSources: [recent.pages] } };
}

async function closeCore({ leases, recent, directory }: Stages, storage: Storage): Promise<void> {
  await leases.release();
  await recent?.recent.close();
  await storage.close();
  directory.close();
}
