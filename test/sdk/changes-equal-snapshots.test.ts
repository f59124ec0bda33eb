import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Audit } from '@bitacora/sdk';
import { outboxInstallSql, type OutboxEvent } from '@bitacora/sdk/outbox';
import { auditPool } from '@bitacora/sdk/pg';
import { installCapture } from '@bitacora/sdk/postgres';
import { createHostDatabase, everybodyLeft } from '../support/host-database.ts';
import { outboxEvents } from '../support/outbox-events.ts';
import { createRandom, type Random } from '../support/random.ts';
import { runPostgres, type PostgresCluster } from '../support/run-postgres.ts';
import { unsentAudit } from '../support/unsent-audit.ts';

const statements = process.env['BITACORA_FAULTS'] === 'full' ? 3_000 : 300;

/** The column `tag` never changes. It identifies a row when keys change or are absent. */
const tables = {
  stay: {
    sql: `create table stay (hotel integer not null, room text not null, tag integer not null, note jsonb, labels text[], price numeric,
      big bigint, seen timestamptz, day date, blob bytea, ratio double precision, doc json, "odd ""Name""" text, n integer, primary key (hotel, room))`,
    exact: ['price', 'big'],
  },
  list: {
    sql: 'create table list (tag integer, n integer, price numeric(20, 4), doc json)',
    exact: ['price'],
  },
  visit: {
    sql: `create table visit (id integer not null, tag integer, n integer not null, price numeric, primary key (id, n)) partition by range (n);
      create table visit_low partition of visit for values from (minvalue) to (50);
      create table visit_high partition of visit for values from (50) to (maxvalue)`,
    exact: ['price'],
  },
} as const;
type TableName = keyof typeof tables;
const names = ['stay', 'list', 'visit'] as const;

let cluster: PostgresCluster;
let audit: Audit;

beforeAll(async () => {
  cluster = await runPostgres({ fsync: 'off' });
  audit = unsentAudit('host');
});
afterAll(async () => {
  await audit?.close(100);
  await everybodyLeft(cluster.url);
  await cluster.close();
});

describe.each(['the connection', 'the triggers', 'both'])('F-03 captured by %s:', (by) => {
  test(`the events of ${statements} random statements are the differences of snapshots`, async () => {
    const url = await createHostDatabase(cluster.url, by.replaceAll(' ', '_'));
    const plain = new pg.Pool({ connectionString: url, max: 1 });
    await plain.query(outboxInstallSql());
    for (const name of names) await plain.query(tables[name].sql);
    const errors: Error[] = [];
    const pool =
      by === 'the triggers' ? plain : auditPool(plain, audit, { onError: (error) => errors.push(error) });
    // With `both`, the connection has read the tables before the triggers exist.
    for (const name of names) await pool.query(`delete from ${name}`);
    if (by !== 'the connection')
      await installCapture((text, values) => plain.query(text, [...values]), { tables: [...names] });
    await plain.query('truncate bitacora.outbox');
    const client = await pool.connect();
    const expected = await runRandom(client, by);
    client.release();
    const events = await outboxEvents(plain);
    let at = 0;
    for (const { text, differences } of expected) {
      const got = events.slice(at, at + differences.length).map(seen);
      at += differences.length;
      expect(got.toSorted(), text).toEqual(differences.toSorted());
    }
    expect(events.slice(at)).toEqual([]);
    expect(events.length).toBeGreaterThan(statements / 2);
    expect(errors).toEqual([]);
    await plain.end();
  });
});

interface Step {
  text: string;
  /** Each row as one line. */
  differences: string[];
}

/**
 * Runs statements, some in transactions and savepoints that are rolled back. Returns the statements that stay, with their
 * changes.
 */
async function runRandom(client: pg.ClientBase, by: string): Promise<Step[]> {
  const random = createRandom(by.length);
  let tag = 1;
  let steps: Step[] = [];
  const open: Step[][] = [];
  let before = await snapshot(client);
  for (let count = 0; count < statements; count++) {
    const turn = random.int(20);
    if (turn === 0 && open.length === 0) {
      await client.query('begin');
      open.push(steps);
      steps = [];
    } else if (turn === 1 && open.length > 0) {
      await client.query(`savepoint s${open.length}`);
      open.push(steps);
      steps = [];
    } else if (turn <= 4 && open.length > 0) {
      const back = random.int(2) === 0;
      const part = `savepoint s${open.length - 1}`;
      const words = open.length === 1 ? ['commit', 'rollback'] : [`release ${part}`, `rollback to ${part}`];
      await client.query(words[back ? 1 : 0] ?? '');
      steps = [...(open.pop() ?? []), ...(back ? [] : steps)];
      before = await snapshot(client);
    }
    const name = random.pick(names);
    const [text, values] = statementOn(name, { random, tag: () => tag++ });
    if (open.length > 0) await client.query('savepoint one');
    const failed = await client.query(text, values).then(
      () => false,
      (error: unknown) => {
        // Random statements may give two rows one key. Any other error fails the test.
        if (error instanceof pg.DatabaseError && ['23505', '21000'].includes(error.code ?? '')) return true;
        throw new Error(`${text} ${JSON.stringify(values)}`, { cause: error });
      },
    );
    if (open.length > 0) await client.query(failed ? 'rollback to savepoint one' : 'release savepoint one');
    const after = await snapshot(client);
    if (!failed)
      steps.push({
        text: `${count}: ${text} ${JSON.stringify(values)}`,
        differences: text.startsWith('truncate') ? truncated(name, by) : differencesOf(name, before, after),
      });
    before = after;
  }
  if (open.length > 0) await client.query('commit');
  return [...open.flat(), ...steps];
}

interface Game {
  random: Random;
  tag: () => number;
}

function statementOn(name: TableName, { random, tag }: Game): [string, unknown[]] {
  const { pick } = random;
  const value = {
    hotel: () => 1 + random.int(4),
    room: () => `r'${random.int(6)}`,
    id: () => random.int(30),
    n: () => random.int(100),
    note: () => pick([null, '{"a": 1, "b": [1, 2]}', '{"b": [1, 2], "a": 1}', '"text"', 'null', '[]']),
    doc: () => pick([null, '{"a":1}', '{ "a": 1 }', '[1.50]']),
    labels: () => pick([null, [], ['a', 'b,"c"'], ['x', null]]),
    price: () => pick([null, '1.50', '1.5', '123456789012.3456', '-0.1', '0']),
    big: () => pick([null, '9007199254740993', '-1', '9223372036854775807']),
    seen: () => pick([null, '2026-03-01T10:00:00.123456+02', '2026-03-01T08:00:00Z', 'infinity']),
    day: () => pick([null, '2024-02-29', '0044-03-15 BC']),
    blob: () => pick([null, Buffer.from([0, 255, 10])]),
    ratio: () => pick([null, 0.1 + 0.2, 1.5e15, 'NaN', -0]),
    'odd "Name"': () => pick([null, '', 'ä "quoted" \\ $1', `it's`]),
  };
  const columnsOf = {
    stay: [
      'hotel',
      'room',
      'note',
      'labels',
      'price',
      'big',
      'seen',
      'day',
      'blob',
      'ratio',
      'doc',
      'odd "Name"',
      'n',
    ],
    list: ['n', 'price', 'doc'],
    visit: ['id', 'n', 'price'],
  } as const;
  const columns: readonly (keyof typeof value)[] = columnsOf[name];
  const values: unknown[] = [];
  const put = (value: unknown): string => `$${values.push(value)}`;
  const quoted = (column: string): string => `"${column.replaceAll('"', '""')}"`;
  const condition = (): string =>
    `${pick([`${name}.n`, `"${name}"."n"`, 'n'])} ${pick(['<', '>=', '='])} ${put(value.n())}::int`;
  const assigned = (): string => {
    const some = columns.filter(() => random.int(3) === 0);
    const set = (some.length > 0 ? some : ['n' as const]).map((column) =>
      column === 'n' && random.int(2) === 0
        ? `n = ${name}.n + 1`
        : `${quoted(column)} = ${put(value[column]())}`,
    );
    return set.join(', ');
  };
  const rows = (): string => {
    const tuple = (): string =>
      `(${put(tag())}, ${columns.map((column) => put(value[column]())).join(', ')})`;
    return `("tag", ${columns.map(quoted).join(', ')}) values ${Array.from({ length: 1 + random.int(3) }, tuple).join(', ')}`;
  };
  const key = { stay: '(hotel, room)', visit: '(id, n)', list: '' }[name];
  const returning = pick(['', ' returning *', ' returning tag as t, n']);
  const kinds: (() => string)[] = [
    () => `insert into ${name} ${rows()}${key && ' on conflict do nothing'}${returning}`,
    () => `insert into public.${name} ${rows()}${returning}`,
    () =>
      key
        ? `insert into ${name} as x ${rows()} on conflict ${key} do update set price = excluded.price, tag = x.tag`
        : `insert into ${name} ${rows()}`,
    () => `update ${name} set ${assigned()} where ${condition()}${returning}`,
    () => `UPDATE "public"."${name}" SET ${assigned()} -- all of them; where 1 = 0\n${returning}`,
    () =>
      `update only ${name} set price = v.p from (values (1, 2.50), (2, 3.5)) as v(k, p) /* from x */ where ${name}.tag % 3 = v.k and ${name}.n is distinct from 5`,
    () =>
      `with few as (select max(tag) as t from ${name}) update ${name} set n = n where tag = (select t from few)${returning}`,
    () => `delete from ${name} where ${condition()} and tag % 4 = 0${returning}`,
    () =>
      `delete from ${name} using generate_series(1, 3) as g(i) where ${name}.tag = g.i * ${put(1 + random.int(9))}::int`,
  ];
  const text = (random.int(60) === 0 ? () => `truncate ${name}` : pick(kinds))();
  return [text, values];
}

type Snapshot = Record<TableName, Map<string, Record<string, string>>>;

/** The JSON of each column, by table, tag and column. */
async function snapshot(client: pg.ClientBase): Promise<Snapshot> {
  const found: Snapshot = { stay: new Map(), list: new Map(), visit: new Map() };
  for (const name of names) {
    const exact: readonly string[] = tables[name].exact;
    const { rows } = await client.query(
      `select tag::text as tag, row_to_json(x)::text as row from (select t.*, ${exact.map((column) => `t.${column}::text as __${column}`).join(', ')} from ${name} t) x`,
    );
    for (const { tag, row } of rows) {
      const parsed: Record<string, unknown> = JSON.parse(row);
      for (const column of exact) {
        parsed[column] = parsed[`__${column}`];
        delete parsed[`__${column}`];
      }
      found[name].set(
        tag,
        Object.fromEntries(Object.entries(parsed).map(([column, value]) => [column, plainJson(value)])),
      );
    }
  }
  return found;
}

/** JSON with sorted keys, because the order of an object's keys is not a difference. */
function plainJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function differencesOf(name: TableName, before: Snapshot, after: Snapshot): string[] {
  const old = before[name];
  const now = after[name];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((tag) => {
    const was = old.get(tag);
    const is = now.get(tag);
    const fields = Object.keys(was ?? is ?? {}).flatMap((path) => {
      const one = was?.[path] ?? 'null';
      const other = is?.[path] ?? 'null';
      return one === other ? [] : [`${path}: ${was ? one : ''} -> ${is ? other : ''}`];
    });
    if (was && is && fields.length === 0) return [];
    return [`${name}.${was ? (is ? 'update' : 'delete') : 'create'} ${fields.toSorted().join('; ')}`];
  });
}

// Truncating a partitioned table fires the trigger of each partition.
function truncated(name: TableName, by: string): string[] {
  return Array.from(
    { length: name === 'visit' && by !== 'the connection' ? 3 : 1 },
    () => `${name}.truncate `,
  );
}

function seen({ action, changes }: OutboxEvent): string {
  const fields = (changes ?? []).map(
    ({ path, ...sides }) =>
      `${path}: ${'before' in sides ? plainJson(sides.before) : ''} -> ${'after' in sides ? plainJson(sides.after) : ''}`,
  );
  return `${action} ${fields.toSorted().join('; ')}`;
}
