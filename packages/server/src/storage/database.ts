import pg from 'pg';
import { AuditError } from '../audit-error.ts';
import type { RoleUrls } from './roles.ts';

/** The rows that a transaction may touch: row-level security enforces it. */
export interface RowAccess {
  tenant: number;
  ledgers: readonly number[];
  /** Ids of the directory records; absent: all of the tenant. */
  records?: readonly string[];
}

export type Client = pg.PoolClient;

/** The state of a ledger at one moment. Data cached outside PostgreSQL is valid only while the ledger has the same head. */
export interface LedgerHead {
  /** Number of entries. */
  readonly size: number;
  /** Time of the last append in microseconds. It differs when a ledger was put back and then grew to the same size again. */
  readonly tag: number;
  /** Changes whenever data that is cached of the ledger becomes wrong: with every erasure, purge, clear and restore. */
  readonly epoch: number;
}

export interface Database {
  /** Read-write transaction as the writer, who may insert evidence but never change or delete it. */
  write<T>(rowAccess: RowAccess, use: (client: Client) => Promise<T>): Promise<T>;
  /** Read-only transaction on the rows of `rowAccess`; all its statements see the same moment. */
  read<T>(rowAccess: RowAccess, use: (client: Client) => Promise<T>): Promise<T>;
  /** The heads of those ledgers that have entries, in one round trip, because every question begins with it. */
  heads(ledgers: readonly number[]): Promise<ReadonlyMap<number, LedgerHead>>;
  /** Transaction on tables that belong to no tenant's rows (tenants, keys), as the writer. */
  plain<T>(use: (client: Client) => Promise<T>): Promise<T>;
  /** Transaction with the maintenance login, which may open, close and purge segments. */
  maintain<T>(use: (client: Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const connectionsMax = { writer: 12, reader: 12, maintenance: 2 };
const connectWithinMs = 5_000;
const statementWithinMs = 30_000;
const headColumns = 'ledger, size, tag, epoch';

/**
 * Removes the names of statements. A named statement stays in its connection, which a transaction pooler gives to another
 * client after the transaction.
 */
function forgetNames(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...values: unknown[]) => unknown;
  const withoutName = (statement: unknown): unknown => {
    if (typeof statement !== 'object' || statement === null) return statement;
    if (!('name' in statement) || 'submit' in statement) return statement;
    const { name: _, ...rest } = statement;
    return rest;
  };
  Object.assign(client, {
    query: (statement: unknown, ...rest: unknown[]) => query(withoutName(statement), ...rest),
  });
}

/**
 * Pools of the three logins. Integers of 64 bits arrive as numbers (all of ours stay below 2^53), timestamps as
 * milliseconds since 1970.
 */
export function createDatabase(
  urls: RoleUrls,
  onError: (error: Error) => void,
  // Pooled: a transaction pooler is in between, so the time limit is set in each transaction.
  { pooled = false }: { pooled?: boolean } = {},
): Database {
  const limit = pooled ? `; set local statement_timeout = ${statementWithinMs}` : '';
  const createPool = (url: string, max: number): pg.Pool => {
    const pool = new pg.Pool({
      connectionString: url,
      max,
      connectionTimeoutMillis: connectWithinMs,
      idleTimeoutMillis: 60_000,
      ...(pooled ? {} : { statement_timeout: statementWithinMs }),
      application_name: 'bitacora',
      types: columnTypes,
    });
    pool.on('error', onError);
    // An error may arrive together with the answer that opens the connection, before anything listens, and an error without
    // a listener ends the process. The next statement on the connection fails and reports it.
    pool.on('connect', (client) => client.on('error', () => undefined));
    if (pooled) pool.on('connect', forgetNames);
    return pool;
  };
  const writer = createPool(urls.writer, connectionsMax.writer);
  const reader = createPool(urls.reader, connectionsMax.reader);
  const maintenance = createPool(urls.maintenance, connectionsMax.maintenance);
  return {
    // Set here because a role or a database may have another default: a commit waits until it is on disk.
    write: (rowAccess, use) =>
      transaction(writer, `${begin(rowAccess, '')}; set local synchronous_commit = on${limit}`, use),
    read: (rowAccess, use) =>
      transaction(reader, `${begin(rowAccess, ' isolation level repeatable read read only')}${limit}`, use),
    heads: (ledgers) => readHeads(reader, integers(ledgers), pooled ? limit : undefined),
    plain: (use) => transaction(writer, `begin${limit}`, use),
    maintain: (use) => transaction(maintenance, `begin; set local lock_timeout = '2s'${limit}`, use),
    async close() {
      await Promise.all([writer.end(), reader.end(), maintenance.end()]);
    },
  };
}

/** Begins a transaction. Its settings end with it, so the next user of the connection does not inherit them. */
function begin(rowAccess: RowAccess, mode: string): string {
  const { tenant, ledgers } = rowAccess;
  integers([tenant, ...ledgers]);
  const records =
    rowAccess.records === undefined
      ? ''
      : `; set local bitacora.records = '${JSON.stringify(rowAccess.records).replaceAll("'", "''")}'`;
  return `begin${mode}; set local bitacora.tenant = '${tenant}'; set local bitacora.ledgers = '${ledgers.join(',')}'${records}`;
}

function integers(numbers: readonly number[]): readonly number[] {
  if (!numbers.every(Number.isSafeInteger))
    throw new TypeError('ids of tenants and ledgers must be integers');
  return numbers;
}

async function transaction<T>(
  pool: pg.Pool,
  opening: string,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connect(pool);
  let broken: Error | undefined;
  const onError = (error: Error): void => void (broken = error);
  client.on('error', onError);
  try {
    await client.query(opening);
    const answer = await use(client);
    await client.query('commit');
    return answer;
  } catch (error) {
    await client.query('rollback').catch((failed: Error) => (broken ??= failed));
    throw databaseFailure(error);
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

async function readHeads(
  pool: pg.Pool,
  ledgers: readonly number[],
  limit: string | undefined,
): Promise<ReadonlyMap<number, LedgerHead>> {
  const client = await connect(pool);
  let broken: Error | undefined;
  const onError = (error: Error): void => void (broken = error);
  client.on('error', onError);
  try {
    if (limit === undefined) {
      const { rows } = await client.query<HeadRow>({
        name: 'heads',
        text: `select ${headColumns} from ledger_heads($1)`,
        values: [ledgers],
      });
      return byLedger(rows);
    }
    const select = `select ${headColumns} from ledger_heads('{${ledgers.join(',')}}')`;
    // Several statements in one text give a list of results. The one with the rows is the last but one.
    const results = (await client.query(
      `begin read only${limit}; ${select}; commit`,
    )) as unknown as pg.QueryResult<HeadRow>[];
    return byLedger(results.at(-2)?.rows ?? []);
  } catch (error) {
    if (limit !== undefined) await client.query('rollback').catch((failed: Error) => (broken ??= failed));
    throw databaseFailure(error);
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

type HeadRow = LedgerHead & { readonly ledger: number };

function byLedger(rows: readonly HeadRow[]): ReadonlyMap<number, LedgerHead> {
  return new Map(rows.map(({ ledger, ...head }) => [ledger, head]));
}

async function connect(pool: pg.Pool): Promise<Client> {
  try {
    return await pool.connect();
  } catch (cause) {
    throw new AuditError('unavailable', {
      operatorText: 'no database connection',
      retryAfterSeconds: 1,
      cause,
    });
  }
}

/**
 * Turns an error of the database into an AuditError when the same statement may succeed later: connection, deadlock,
 * resources, shutdown, read-only standby. Other errors stay as they are.
 */
function databaseFailure(error: unknown): unknown {
  const code = sqlState(error);
  if (error instanceof AuditError || !(error instanceof Error)) return error;
  if (code === '53100')
    return new AuditError('storage_full', {
      operatorText: error.message,
      retryAfterSeconds: 30,
      cause: error,
    });
  const lost =
    /terminated|ECONN|EPIPE|ENOENT|Client has encountered a connection error|not queryable|timeout/.test(
      error.message,
    );
  if (code === '57014' || lost || /^(08|40|53|57P|25006|58)/.test(code)) {
    return new AuditError('unavailable', { operatorText: error.message, retryAfterSeconds: 1, cause: error });
  }
  return error;
}

/** SQLSTATE of a database error, '' when there is none. */
export function sqlState(error: unknown): string {
  if (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^[0-9A-Z]{5}$/.test(error.code)
  ) {
    return error.code;
  }
  return '';
}

const parsers: Record<number, (text: string) => unknown> = {
  20: Number,
  1184: (text) => Date.parse(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')),
  1016: (text) => (text === '{}' ? [] : text.slice(1, -1).split(',').map(Number)),
};

const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    (format !== 'binary' && parsers[oid]) ||
    pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};
