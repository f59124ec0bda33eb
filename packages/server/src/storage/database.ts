import pg from 'pg';
import { AuditError } from '../audit-error.ts';
import type { RoleUrls } from './roles.ts';

/** The rows that a transaction may touch: row-level security enforces it. */
export interface RowAccess {
  tenant: number;
  ledgers: readonly number[];
  /** Ids of the only directory records; absent: all of the tenant. */
  records?: readonly string[];
}

export type Client = pg.PoolClient;

/** The state of a ledger at one moment. What is kept of it beside PostgreSQL is right only at an equal one. */
export interface LedgerHead {
  /** Entries. */
  readonly size: number;
  /** Microseconds of the last append: two ledgers of one size, of which one was put back, differ in it. */
  readonly tag: number;
  /** Changes with every erasure, clear and restore. */
  readonly epoch: number;
}

export interface Database {
  /** Inserts evidence; may change or delete none. */
  write<T>(rowAccess: RowAccess, use: (client: Client) => Promise<T>): Promise<T>;
  /** Read-only transaction under the row access given; all its statements see the same moment. */
  read<T>(rowAccess: RowAccess, use: (client: Client) => Promise<T>): Promise<T>;
  /** Of each of the ledgers that has entries, in one round trip: what precedes every question. */
  heads(ledgers: readonly number[]): Promise<ReadonlyMap<number, LedgerHead>>;
  /** Statements outside any ledger (tenants, keys), as the writer. */
  plain<T>(use: (client: Client) => Promise<T>): Promise<T>;
  /** Owner's business: opening and closing segments. */
  maintain<T>(use: (client: Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const connectionsMax = { writer: 12, reader: 12, maintenance: 2 };
const connectWithinMs = 5_000;
const statementWithinMs = 30_000;
const headColumns = 'ledger, size, tag, epoch';

/**
 * Statements that are named stay behind in a connection, and a transaction pooler gives that to somebody else next: its
 * clients name none, and their time limit is set in each transaction.
 */
function forgetNames(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...given: unknown[]) => unknown;
  const nameless = (asked: unknown): unknown => {
    if (typeof asked !== 'object' || asked === null || !('name' in asked) || 'submit' in asked) return asked;
    const { name: _, ...rest } = asked;
    return rest;
  };
  Object.assign(client, { query: (asked: unknown, ...rest: unknown[]) => query(nameless(asked), ...rest) });
}

/**
 * Pools of the three logins. Integers of 64 bits arrive as numbers (all of ours stay below 2^53), timestamps as
 * milliseconds since 1970.
 */
export function createDatabase(
  urls: RoleUrls,
  onError: (error: Error) => void,
  { pooled = false }: { /** By way of a transaction pooler. */ pooled?: boolean } = {},
): Database {
  const limit = pooled ? `; set local statement_timeout = ${statementWithinMs}` : '';
  const pool = (url: string, max: number): pg.Pool => {
    const made = new pg.Pool({
      connectionString: url,
      max,
      connectionTimeoutMillis: connectWithinMs,
      idleTimeoutMillis: 60_000,
      ...(pooled ? {} : { statement_timeout: statementWithinMs }),
      application_name: 'bitacora',
      types: columnTypes,
    });
    made.on('error', onError);
    // It may come with the answer that opens the connection, before anybody listens: whoever uses it next is told.
    made.on('connect', (client) => client.on('error', () => undefined));
    if (pooled) made.on('connect', forgetNames);
    return made;
  };
  const writer = pool(urls.writer, connectionsMax.writer);
  const reader = pool(urls.reader, connectionsMax.reader);
  const maintenance = pool(urls.maintenance, connectionsMax.maintenance);
  return {
    // Whatever a role or database may have as its default: an answer waits for the flush.
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

/** Settings are local to the transaction: nothing leaks to the next borrower, also behind a transaction pooler. */
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
  if (!numbers.every(Number.isSafeInteger)) throw new TypeError('row access holds integers');
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
    const asked = `select ${headColumns} from ledger_heads('{${ledgers.join(',')}}')`;
    // Several statements in one text answer with a list of results; the row-giving one is last but one.
    const results = (await client.query(
      `begin read only${limit}; ${asked}; commit`,
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

/** SQLSTATE classes that say «not now» rather than «wrong»: connection, deadlock, resources, shutdown, read-only standby. */
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
