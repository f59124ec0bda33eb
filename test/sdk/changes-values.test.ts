import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createAudit, type Audit } from '@bitacora/sdk';
import { outboxInstallSql } from '@bitacora/sdk/outbox';
import { auditPool } from '@bitacora/sdk/pg';
import { createHostDatabase, everybodyLeft } from '../support/host-database.ts';
import { fieldsOf, outboxEvents, shortOf } from '../support/outbox-events.ts';
import { runPostgres, type PostgresCluster } from '../support/run-postgres.ts';

/** A type, a value, the same value in another spelling, another value, and the change from the first to it in the event. */
const kinds: readonly [string, string | null, string | null, string | null, unknown[]][] = [
  ['text', 'a', 'a', 'b', ['a', 'b']],
  ['text', null, null, '', [null, '']],
  ['integer', '1', '01', '2', [1, 2]],
  ['double precision', '0.1', '1e-1', '0.2', [0.1, 0.2]],
  ['numeric(10, 2)', '1.5', '1.50', '2', ['1.50', '2.00']],
  ['boolean', 'true', 't', 'false', [true, false]],
  ['date', '2026-01-31', 'Jan 31 2026', '2026-02-01', ['2026-01-31', '2026-02-01']],
  ['time', '08:00', '8:00 AM', '20:00', ['08:00:00', '20:00:00']],
  ['jsonb', '{"a":1,"b":[1,2]}', '{"b":[1,2],"a":1}', '{"a":1}', [{ a: 1, b: [1, 2] }, { a: 1 }]],
  ['json', '{"a":1,"b":[1,2]}', '{ "b":[1,2],"a":1}', '{"b":[2,1]}', [{ a: 1, b: [1, 2] }, { b: [2, 1] }]],
  [
    'text[]',
    '{a,b}',
    '{"a", "b"}',
    '{b,a}',
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
  ],
];

let cluster: PostgresCluster;
let audit: Audit;
let database: pg.Pool;
let pool: pg.Pool;
let url: string;

beforeAll(async () => {
  cluster = await runPostgres({ fsync: 'off' });
  url = await createHostDatabase(cluster.url, 'host');
  database = new pg.Pool({ connectionString: url });
  await database.query(outboxInstallSql());
  await database.query(kinds.map(([type], at) => `create table kind_${at} (value ${type})`).join(';'));
  await database.query(`
    create table moment (id integer primary key, at timestamptz);
    create table guest (guest_key uuid primary key, name text, seen_at timestamptz);
    create table guest_tag (guest_key uuid references guest, tag text, primary key (guest_key, tag))`);
  audit = createAudit({ name: 'host', mode: 'outbox', transport: () => Promise.reject(new Error('unsent')) });
  pool = auditPool(new pg.Pool({ connectionString: url }), audit);
});
beforeEach(async () => {
  await database.query('truncate moment, guest, guest_tag, bitacora.outbox');
});
afterAll(async () => {
  await audit?.close(100);
  await Promise.all([database, pool].map((each) => each?.end()));
  await everybodyLeft(cluster.url);
  await cluster.close();
});

const guest = '0b6ad7a2-6d9c-4b0e-9d4a-3c1f5a8e7b21';

test.each(kinds.map((kind, at) => [...kind, at] as const))(
  'F-03 %s: %s and %s are the same, %s is a change',
  async (_type, value, same, other, change, at) => {
    await database.query(`insert into kind_${at} values ($1)`, [value]);
    await pool.query(`update kind_${at} set value = $1`, [same]);
    expect(await outboxEvents(database)).toEqual([]);
    await pool.query(`update kind_${at} set value = $1`, [other]);
    expect((await outboxEvents(database)).map(fieldsOf)).toEqual([{ value: change }]);
  },
);

test('F-03 the same instant in another time zone is not a change, and the same hour in another zone is', async () => {
  await database.query(`insert into moment values (1, '2026-01-01 12:00+00')`);
  await pool.query(`update moment set at = '2026-01-01 13:00+01'`);
  expect(await outboxEvents(database)).toEqual([]);
  await pool.query(`update moment set at = '2026-01-01 12:00+01'`);
  const [event] = await outboxEvents(database);
  const instants = ((event && fieldsOf(event)['at']) ?? []).map((text: string) =>
    new Date(text).toISOString(),
  );
  expect(instants).toEqual(['2026-01-01T12:00:00.000Z', '2026-01-01T11:00:00.000Z']);
});

test('F-03 a key of any name and type identifies the row; a row created again after a deletion is the same target', async () => {
  for (const name of ['Ana', 'Ana again']) {
    await pool.query('insert into guest values ($1, $2)', [guest, name]);
    await pool.query('delete from guest');
  }
  await pool.query('delete from guest');
  const create = `guest.create ${guest}`;
  const remove = `guest.delete ${guest}`;
  expect(shortOf(await outboxEvents(database))).toEqual([create, remove, create, remove]);
});

test('F-03 rows of a join table have their own events: added, not added twice, removed, cleared', async () => {
  await database.query('insert into guest values ($1)', [guest]);
  const add = `insert into guest_tag values ($1, 'vip'), ($1, 'quiet') on conflict do nothing`;
  await pool.query(add, [guest]);
  await pool.query(add, [guest]);
  await pool.query(`delete from guest_tag where tag = 'vip'`);
  await pool.query('delete from guest_tag');
  expect(shortOf(await outboxEvents(database))).toEqual([
    `guest_tag.create ${guest}/vip`,
    `guest_tag.create ${guest}/quiet`,
    `guest_tag.delete ${guest}/vip`,
    `guest_tag.delete ${guest}/quiet`,
  ]);
});

test('F-03 an update without a change is an event, and each step of a transaction has the state that the step before left', async () => {
  const client = await pool.connect();
  await client.query('begin');
  await client.query(`insert into guest values ($1, 'a')`, [guest]);
  await client.query(`update guest set name = 'b'`);
  await client.query(`update guest set name = name || 'c'`);
  await client.query(`update guest set seen_at = '2026-01-01 00:00+00'`);
  await client.query('delete from guest');
  await client.query('commit');
  client.release();
  const events = await outboxEvents(database);
  expect(events.map(({ action }) => action)).toEqual([
    'guest.create',
    'guest.update',
    'guest.update',
    'guest.update',
    'guest.delete',
  ]);
  expect(events.slice(1, 3).map(fieldsOf)).toEqual([{ name: ['a', 'b'] }, { name: ['b', 'bc'] }]);
  expect(events[3] && Object.keys(fieldsOf(events[3]))).toEqual(['seen_at']);
  expect(events[4] && fieldsOf(events[4])['name']).toEqual(['bc']);
});

test('F-03 a large value that an update does not touch is not a change, and is in the event of the deletion', async () => {
  await database.query(`alter table guest add column if not exists letter text`);
  await database.query(`alter table guest alter column letter set storage external`);
  await database.query(`insert into guest (guest_key, name, letter) values ($1, 'a', $2)`, [
    guest,
    'x'.repeat(100_000),
  ]);
  await pool.query(`update guest set name = 'b'`);
  await pool.query('delete from guest');
  const [update, remove] = (await outboxEvents(database)).map(fieldsOf);
  expect(update).toEqual({ name: ['a', 'b'] });
  expect(remove?.['letter']).toMatchObject([{ leftOut: 'too long', lengthChars: 100_000 }]);
});

test('F-03 with the outbox a change fails when its event cannot be written; with after_commit it stays, and the error is reported', async () => {
  const errors: string[] = [];
  const away = createAudit({
    name: 'away',
    mode: 'strict',
    transport: () => Promise.reject(new Error('no event today')),
  });
  const statements = [
    `insert into moment values (2, null)`,
    `update moment set at = '2026-01-01' where id = 1`,
    'delete from moment where id = 1',
  ];
  await database.query('insert into moment values (1, null)');
  await database.query('alter table bitacora.outbox rename to outbox_away');
  try {
    for (const statement of statements) await expect(pool.query(statement)).rejects.toThrow('outbox');
  } finally {
    await database.query('alter table bitacora.outbox_away rename to outbox');
  }
  expect((await database.query('select id, at from moment')).rows).toEqual([{ id: 1, at: null }]);
  const lenient = auditPool(new pg.Pool({ connectionString: url }), away, {
    write: 'after_commit',
    onError: (error) => errors.push(error.message),
  });
  try {
    for (const statement of statements) expect((await lenient.query(statement)).rowCount).toBe(1);
  } finally {
    await lenient.end();
    await away.close(1);
  }
  expect((await database.query('select id from moment')).rows).toEqual([{ id: 2 }]);
  await expect.poll(() => errors).toHaveLength(statements.length);
});

test('F-03 operations and rows can be chosen for each table; if the rule throws, the row is captured', async () => {
  const rules = auditPool(new pg.Pool({ connectionString: url }), audit, {
    tables: {
      guest: {
        when: ({ operation, before, after }) =>
          operation !== 'create' && (after ?? before)?.['name'] !== 'draft',
      },
      moment: {
        when: () => {
          throw new Error('not now');
        },
      },
    },
  });
  await rules.query(`insert into guest values ($1, 'a')`, [guest]);
  await rules.query(`update guest set name = 'b'`);
  await rules.query(`update guest set name = 'draft'`);
  await rules.query('delete from guest');
  await rules.query('insert into moment values (3, null)');
  await rules.end();
  expect(shortOf(await outboxEvents(database))).toEqual([`guest.update ${guest}`, 'moment.create 3']);
});
