import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Audit } from '@bitacora/sdk';
import { outboxInstallSql } from '@bitacora/sdk/outbox';
import { auditPool } from '@bitacora/sdk/pg';
import { installCapture } from '@bitacora/sdk/postgres';
import { createHostDatabase, everybodyLeft } from '../support/host-database.ts';
import { outboxEvents, shortOf } from '../support/outbox-events.ts';
import { runPostgres, type PostgresCluster } from '../support/run-postgres.ts';
import { unsentAudit } from '../support/unsent-audit.ts';
import { waitUntil } from '../support/wait-until.ts';

let cluster: PostgresCluster;
let audit: Audit;
let database: pg.Pool;

beforeAll(async () => {
  cluster = await runPostgres({ fsync: 'off' });
  database = new pg.Pool({ connectionString: await createHostDatabase(cluster.url, 'host') });
  await database.query(outboxInstallSql());
  audit = unsentAudit('host');
});
afterAll(async () => {
  await audit?.close(100);
  await database?.end();
  await everybodyLeft(cluster.url);
  await cluster.close();
});

interface Client {
  query(text: string): Promise<unknown>;
  release(): void;
}

const levels = ['read committed', 'repeatable read', 'serializable'];
/** A writer through the SDK, which captures changes that no trigger captures; and a writer without the SDK. */
const writers: [string, () => Promise<Client>][] = [
  ['the SDK', () => auditPool(database, audit, {}).connect()],
  ['another program', () => database.connect()],
];
const cases = levels.flatMap((level) => writers.map(([name, connect]) => [level, name, connect] as const));

let tables = 0;
/** The table has a name that must be quoted everywhere. */
async function createTable(): Promise<string> {
  const table = `"it's ${++tables}\\"`;
  await database.query(`create table ${table} (id integer primary key, n integer)`);
  return table;
}

const install = (table: string, through: pg.Pool | pg.PoolClient = database): Promise<readonly string[]> =>
  installCapture((text, values) => through.query(text, [...values]), { tables: [table] });

/** Waits until a connection waits for a lock on the table. */
async function isWaitedFor(table: string): Promise<void> {
  await waitUntil('the wait for the lock', async () => {
    const { rows } = await database.query(
      'select from pg_locks where not granted and relation = $1::regclass',
      [table],
    );
    return rows.length > 0;
  });
}

/** The changes as texts such as `create 1`, sorted. */
async function changes(table: string): Promise<string[]> {
  return shortOf(await outboxEvents(database))
    .map((change) => change.replace(`${table.slice(1, -1).replace(' ', '_')}.`, ''))
    .toSorted();
}

test.each(cases)(
  'F-03 in a transaction that is %s, begun before an install, %s captures each change once',
  async (level, _name, connect) => {
    const table = await createTable();
    const client = await connect();
    await client.query(`begin isolation level ${level}`);
    await client.query(`select count(*) from ${table}`);
    await install(table);
    await client.query(`insert into ${table} values (1, 1), (2, 2), (3, 3)`);
    await client.query(`update ${table} set n = n + 1 where id < 3`);
    await client.query(
      `insert into ${table} (id, n) values (3, 9) on conflict (id) do update set n = excluded.n`,
    );
    await client.query(`delete from ${table} where id = 1`);
    await client.query('commit');
    client.release();
    expect(await changes(table)).toEqual([
      'create 1',
      'create 2',
      'create 3',
      'delete 1',
      'update 1',
      'update 2',
      'update 3',
    ]);
  },
);

test.each(cases)(
  'F-03 while an install is not committed, %s writes of %s wait for it and are captured once',
  async (level, _name, connect) => {
    const table = await createTable();
    const client = await connect();
    const installer = await database.connect();
    await installer.query('begin');
    await install(table, installer);
    await client.query(`begin isolation level ${level}`);
    await client.query(`select count(*) from ${table}`);
    const inserted = client.query(`insert into ${table} values (1, 1)`);
    await isWaitedFor(table);
    await installer.query('commit');
    installer.release();
    await inserted;
    await client.query(`update ${table} set n = 2`);
    await client.query('commit');
    client.release();
    expect(await changes(table)).toEqual(['create 1', 'update 1']);
  },
);

test.each(cases)(
  'F-03 an install waits for a transaction that is %s and has written, of which %s loses nothing',
  async (level, name, connect) => {
    const table = await createTable();
    const client = await connect();
    await client.query(`begin isolation level ${level}`);
    await client.query(`insert into ${table} values (1, 1)`);
    let isInstalled = false;
    const installed = install(table).then(() => (isInstalled = true));
    await isWaitedFor(table);
    await client.query(`update ${table} set n = 2`);
    expect(isInstalled).toBe(false);
    await client.query('commit');
    await installed;
    await client.query(`begin isolation level ${level}`);
    await client.query(`update ${table} set n = 3`);
    await client.query('commit');
    client.release();
    const before = name === 'the SDK' ? ['create 1', 'update 1'] : [];
    expect(await changes(table)).toEqual([...before, 'update 1']);
  },
);
