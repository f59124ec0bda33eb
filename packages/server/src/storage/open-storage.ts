import pg from 'pg';
import { AuditError } from '../audit-error.ts';
import { createDatabase, type Database } from './database.ts';
import type { DataDirectory } from './data-directory.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.ts';
import { migrate } from './migrate.ts';
import { proveRoles } from './prove-roles.ts';
import { ensureRoles, type RoleUrls } from './roles.ts';

export interface Storage {
  database: Database;
  /** Present when this program starts and stops the database. */
  embedded: EmbeddedPostgres | undefined;
  /** Migrations applied at this start. */
  migrated: string[];
  close(): Promise<void>;
}

export interface StorageOptions {
  /** Any PostgreSQL >= 15; absent: the embedded one in the data directory. */
  databaseUrl: string | undefined;
  /** `host:port` of a transaction pooler in front of the database, used for everything but the set-up. */
  databasePooler?: string | undefined;
  directory: DataDirectory;
  onError: (error: Error) => void;
}

const versionMin = 150_000;

/**
 * Opens the database: starts the embedded one if no URL is given, refuses one that could lose commits, migrates, and
 * proves that the server's own logins cannot touch evidence.
 * @throws AuditError unavailable, unsafe_database
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const embedded =
    options.databaseUrl === undefined
      ? await startEmbeddedPostgres(options.directory, options.onError)
      : undefined;
  try {
    const url = parseDatabaseUrl(embedded ? await ownDatabase(embedded.url) : (options.databaseUrl ?? ''));
    const { database, migrated } = await openDatabase(url, options);
    const close = async (): Promise<void> => {
      await database.close();
      await embedded?.stop();
    };
    return { database, embedded, migrated, close };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

async function openDatabase(
  url: URL,
  options: StorageOptions,
): Promise<Pick<Storage, 'database' | 'migrated'>> {
  const { databasePooler: pooler, directory, onError } = options;
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 10_000 });
  client.on('error', onError);
  try {
    await client.connect();
  } catch (cause) {
    throw new AuditError('unavailable', {
      operatorText: `no connection to ${withoutPassword(url)}: ${String(cause)}`,
      cause,
    });
  }
  try {
    await refuseUnsafe(client);
    const urls = await ensureRoles(client, url, () => directory.secret('master'));
    const migrated = await migrate(client, decodeURIComponent(url.pathname.slice(1)));
    await proveRoles(urls);
    const database = createDatabase(throughPooler(urls, pooler), onError, { pooled: pooler !== undefined });
    return { database, migrated };
  } finally {
    await client.end().catch(() => undefined);
  }
}

function throughPooler(urls: RoleUrls, pooler: string | undefined): RoleUrls {
  if (pooler === undefined) return urls;
  const by = (text: string): string => {
    const url = new URL(text);
    url.host = pooler;
    return url.href;
  };
  return { maintenance: by(urls.maintenance), writer: by(urls.writer), reader: by(urls.reader) };
}

function parseDatabaseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^postgres(ql)?:$/.test(url.protocol) && url.pathname.length > 1) return url;
  throw new AuditError('invalid_parameter', {
    parameter: 'BITACORA_DATABASE_URL',
    detail: 'BITACORA_DATABASE_URL must have the form postgres://login:password@host:5432/database',
  });
}

function withoutPassword(url: URL): string {
  const shown = new URL(url);
  shown.password = '';
  return shown.href;
}

async function ownDatabase(superuserUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    const result = await client.query("select 1 from pg_database where datname = 'bitacora'");
    if (result.rowCount === 0) await client.query('create database bitacora');
  } finally {
    await client.end();
  }
  // The URL class refuses a postgres URL without a host, so the socket is passed as a parameter.
  return superuserUrl.replace('@/postgres?', '@localhost/bitacora?');
}

/** Refuses a database whose version or settings could lose an acknowledged event in a power cut. */
async function refuseUnsafe(client: pg.Client): Promise<void> {
  const version = await client.query<{ server_version_num: string }>('show server_version_num');
  if (Number(version.rows[0]?.server_version_num) < versionMin) {
    throw new AuditError('unsafe_database', { operatorText: 'PostgreSQL 15 or newer is needed' });
  }
  for (const setting of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    const shown = await client.query<Record<string, string>>(`show ${setting}`);
    if (shown.rows[0]?.[setting] === 'off') {
      throw new AuditError('unsafe_database', {
        operatorText: `${setting} is off: the database could lose acknowledged events. Turn it on, then start again.`,
      });
    }
  }
}
