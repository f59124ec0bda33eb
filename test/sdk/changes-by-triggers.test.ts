import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Audit } from '@bitacora/sdk';
import { auditPool } from '@bitacora/sdk/pg';
import { captureStatus, installCapture, uninstallCapture } from '@bitacora/sdk/postgres';
import { createHostDatabase, everybodyLeft } from '../support/host-database.ts';
import { fieldsOf, outboxEvents, shortOf } from '../support/outbox-events.ts';
import { runPostgres, type PostgresCluster } from '../support/run-postgres.ts';
import { unsentAudit } from '../support/unsent-audit.ts';

let cluster: PostgresCluster;
let audit: Audit;
let url: string;
let database: pg.Pool;
const query = (text: string, values: readonly unknown[]): Promise<pg.QueryResult> =>
  database.query(text, [...values]);

beforeAll(async () => {
  cluster = await runPostgres({ fsync: 'off' });
  url = await createHostDatabase(cluster.url, 'host');
  database = new pg.Pool({ connectionString: url });
  audit = unsentAudit('host');
});
afterAll(async () => {
  await audit?.close(100);
  await database?.end();
  await everybodyLeft(cluster.url);
  await cluster.close();
});

test('F-03 install and uninstall may be repeated, and say what is captured', async () => {
  await database.query('create table twice (id integer primary key, a text, b text)');
  for (let time = 0; time < 2; time++) {
    expect(await installCapture(query, { tables: ['twice'], ignore: ['a'], mask: ['b'] })).toEqual([
      'public.twice',
    ]);
  }
  expect(await captureStatus(query)).toEqual([
    { table: 'public.twice', captured: true, enabled: true, ignore: ['a'], mask: ['b'] },
  ]);
  await database.query(`insert into twice values (1, 'x', 'y')`);
  expect(await uninstallCapture(query, ['twice'])).toEqual(['public.twice']);
  expect(await uninstallCapture(query, 'all')).toEqual([]);
  await database.query(`insert into twice values (2, 'x', 'y')`);
  const events = await outboxEvents(database);
  expect(shortOf(events)).toEqual(['twice.create 1']);
  expect(fieldsOf(events[0])).toEqual({ id: [1], b: ['[masked]'] });
  const { rows } = await database.query(`select tgname from pg_trigger where tgname like 'bitacora%'`);
  expect(rows).toEqual([]);
  await expect(installCapture(query, { tables: ['twice', 'absent'] })).rejects.toThrow(
    'there is no table absent',
  );
  expect((await captureStatus(query)).map(({ captured }) => captured)).toEqual([false]);
});

test('F-03 columns may be added, renamed, retyped and dropped while a table is captured', async () => {
  await database.query('create table moving (id integer primary key, old text, count integer)');
  await installCapture(query, { tables: ['moving'] });
  const writer = await database.connect();
  try {
    await writer.query(`insert into moving values (1, 'a', 1)`);
    await writer.query(`update moving set count = 2`);
    await database.query(
      `alter table moving add column added numeric(10, 2) default 7, alter column count type bigint`,
    );
    await writer.query(`update moving set added = 8, count = 3`);
    await database.query('alter table moving rename column old to new');
    await writer.query(`update moving set new = 'b'`);
    await database.query('alter table moving drop column count');
    await writer.query('delete from moving');
  } finally {
    writer.release();
  }
  expect((await outboxEvents(database)).map(fieldsOf)).toEqual(
    [
      { id: [1], old: ['a'], count: ['1'] },
      { count: ['1', '2'] },
      { added: ['7.00', '8.00'], count: ['2', '3'] },
      { new: ['a', 'b'] },
      { id: [1], new: ['b'], added: ['8.00'] },
    ].map((fields) => withoutExactCount(fields)),
  );
});

// The forwarder reads the catalogue at the time of forwarding. The column `count` is dropped by then, so its numbers stay
// numbers.
function withoutExactCount(fields: Record<string, any[]>): Record<string, any[]> {
  return 'count' in fields ? { ...fields, count: fields['count']?.map(Number) ?? [] } : fields;
}

test('F-03 a writer needs no right to the outbox, cannot read it, and is the actor', async () => {
  await database.query(
    `create table served (id integer primary key, n integer); create role waiter login; grant insert, select, update on served to waiter`,
  );
  await installCapture(query, { tables: ['served'] });
  const waiter = new URL(url);
  waiter.username = 'waiter';
  const client = new pg.Client({ connectionString: waiter.href, application_name: 'till' });
  await client.connect();
  try {
    await client.query('insert into served values (1, 1)');
    await expect(client.query('select * from bitacora.outbox')).rejects.toThrow('permission denied');
    await expect(client.query(`insert into bitacora.outbox (id) values (gen_random_uuid())`)).rejects.toThrow(
      'permission denied',
    );
    // The writes of a session succeed with any value of its setting.
    for (const context of [
      '{not json',
      '[]',
      '{"actor":{"id":"u"},"action":"forged.action","id":"x"}',
      'x'.repeat(100_000),
    ]) {
      await client.query(`select set_config('bitacora.context', $1, false)`, [context]);
      await client.query('update served set n = n + 1');
    }
  } finally {
    await client.end();
  }
  const events = await outboxEvents(database);
  expect(events).toHaveLength(5);
  expect(new Set(events.map(({ action }) => action))).toEqual(new Set(['served.create', 'served.update']));
  expect(events[0]).toMatchObject({
    actor: { type: 'system', id: 'postgres:waiter' },
    attributes: { database: { role: 'waiter', application: 'till' } },
  });
  expect(events[3]?.actor).toEqual({ id: 'u' });
});

test('F-03 a change of a partition is captured once, by any name by which it is written', async () => {
  await database.query(`create table visit (id integer, day integer, primary key (id, day)) partition by range (day);
    create table visit_a partition of visit for values from (0) to (10)`);
  await installCapture(query, { tables: ['visit'] });
  await database.query('create table visit_b partition of visit for values from (10) to (20)');
  await database.query('insert into visit values (1, 1), (2, 11)');
  await database.query('insert into visit_a values (3, 3)');
  await database.query('update visit set day = 12 where id = 1');
  await database.query('truncate visit_a');
  expect(shortOf(await outboxEvents(database))).toEqual([
    'visit.create 1/1',
    'visit.create 2/11',
    'visit.create 3/3',
    'visit.update 1/1',
    'visit.truncate visit_a',
  ]);
  const statusOf = async (name: string): Promise<boolean | undefined> =>
    (await captureStatus(query)).find(({ table }) => table === name)?.captured;
  expect(await statusOf('public.visit_b')).toBe(false);
  await installCapture(query, { tables: ['visit'] });
  expect(await statusOf('public.visit_b')).toBe(true);
});

test('F-03 changes by foreign keys and other triggers are captured, although the connection has not seen the triggers yet', async () => {
  await database.query(`create table parent (id integer primary key, above integer references parent on delete cascade);
    create table child (id integer primary key, parent integer references parent on delete set null);
    insert into parent values (1, null), (2, 1), (3, 2);
    insert into child values (10, 1), (11, 3)`);
  const warnings: string[] = [];
  const pool = auditPool(new pg.Pool({ connectionString: url, max: 1 }), audit, {
    onError: (error) => warnings.push(error.message),
  });
  await pool.query('update parent set above = above');
  expect(warnings).toEqual([expect.stringContaining('only triggers see them')]);
  await installCapture(query, { tables: ['parent', 'child'] });
  await pool.query('delete from parent where id = 1');
  await pool.end();
  expect(shortOf(await outboxEvents(database)).toSorted()).toEqual([
    'child.update 10',
    'child.update 11',
    'parent.delete 1',
    'parent.delete 2',
    'parent.delete 3',
  ]);
});

test('F-03 names of every kind, and tables without a key, are captured', async () => {
  await database.query(
    `create schema "Sales"; create table "Sales"."Odd ""T""" ("change" integer, n integer, o text, context text, "start" text, at text, "row" text, bitacora_row text, place integer)`,
  );
  await installCapture(query, { tables: ['"Sales"."Odd ""T"""'] });
  await database.query(
    `insert into "Sales"."Odd ""T""" values (1, 2, 'o', 'c', 's', 'a', 'r', 'b', 3), (1, 2, 'o', 'c', 's', 'a', 'r', 'b', 3)`,
  );
  await database.query(`update "Sales"."Odd ""T""" set n = 5 where ctid = '(0,1)'`);
  await database.query(`delete from "Sales"."Odd ""T"""`);
  const events = await outboxEvents(database);
  expect(events.map(({ action }) => action)).toEqual(
    ['create', 'create', 'update', 'delete', 'delete'].map((verb) => `Sales.Odd_"T".${verb}`),
  );
  expect(fieldsOf(events[2])).toEqual({ n: [2, 5] });
  // The target id of a row without a key is made of its values, so an update changes the id.
  const [, , updated] = events;
  expect(updated?.targets?.[0]?.id).toBe(events[0]?.targets?.[0]?.id);
  expect(events.slice(3).map(({ targets }) => targets?.[0]?.id)).toContain(updated?.targets?.[1]?.id);
});

test('F-03 bulk statements, copy, merge and upsert: each row once, each with its own before', async () => {
  await database.query('create table bulk (id integer primary key, n integer, label text)');
  await installCapture(query, { tables: ['bulk'] });
  await database.query(`insert into bulk select i, i, 'row ' || i from generate_series(1, 20000) as i`);
  const created = await outboxEvents(database);
  expect(new Set(shortOf(created)).size).toBe(20_000);
  await database.query('update bulk set id = 40001 - id, n = n * 2');
  const updated = await outboxEvents(database);
  expect(updated).toHaveLength(20_000);
  for (const event of updated) {
    const { id: [before, after] = [], n } = fieldsOf(event);
    expect([before + after, n]).toEqual([40_001, [before, before * 2]]);
  }
  await database.query(`merge into bulk using (values (40000, 1), (7, 7)) as v(id, n) on bulk.id = v.id
    when matched then update set n = v.n when not matched then insert (id, n) values (v.id, v.n)`);
  expect(shortOf(await outboxEvents(database)).toSorted()).toEqual(['bulk.create 7', 'bulk.update 40000']);
  await database.query(
    `insert into bulk values (7, 8), (8, 8) on conflict (id) do update set n = excluded.n`,
  );
  expect(shortOf(await outboxEvents(database)).toSorted()).toEqual(['bulk.create 8', 'bulk.update 7']);
  await database.query(`copy bulk from program 'echo "9\t9\tnine"'`);
  expect(shortOf(await outboxEvents(database))).toEqual(['bulk.create 9']);
});

test('F-03 values that are too large for an event are replaced by length and digest', async () => {
  await database.query('create table large (id integer primary key, body text, note text)');
  await installCapture(query, { tables: ['large'] });
  await database.query(`insert into large values (1, repeat('a', 1000000), 'short')`);
  await database.query(`update large set body = repeat('b', 1000000)`);
  const [created, updated] = (await outboxEvents(database)).map(fieldsOf);
  expect(created?.['note']).toEqual(['short']);
  expect(created?.['body']).toEqual([
    { leftOut: 'too long', lengthChars: 1_000_000, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ]);
  expect(updated?.['body']).toHaveLength(2);
  expect(updated?.['body']?.[0].sha256).not.toBe(updated?.['body']?.[1].sha256);
});
