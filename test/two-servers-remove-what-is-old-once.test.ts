import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectOnlyLeft, type LeftEvent } from './support/expect-only-left.ts';
import { oldEvents } from './support/old-events.ts';
import { runPostgres, type PostgresCluster } from './support/run-postgres.ts';
import { runVerify } from './support/run-verify.ts';
import { clockBehind } from './support/shifted-clock.ts';
import { startTestServer, type TestServer } from './support/test-server.ts';
import { waitUntil } from './support/wait-until.ts';

const ledger = 'default.doors';
/** The sizes of the three segments. The last one stays open. */
const rounds = [300, 210, 40];
const directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'bitacora-two-')));
let database: PostgresCluster;
let superuser: pg.Client;
let serverA: TestServer;
let serverB: TestServer;
let sent: LeftEvent[];

beforeAll(async () => {
  database = await runPostgres();
  const environment = { BITACORA_DATABASE_URL: database.url, BITACORA_SEGMENT_ENTRIES_MAX: '200' };
  const [first = '', second = ''] = directories;
  for (const directory of directories) chmodSync(directory, 0o755);
  serverA = await startTestServer(environment, { dataDirectory: first });
  // The servers of an installation have the same keys.
  cpSync(join(first, 'keys'), join(second, 'keys'), { recursive: true });
  serverB = await startTestServer(environment, { dataDirectory: second });
  superuser = new pg.Client({ connectionString: database.url });
  await superuser.connect();
  await superuser.query('set search_path = bitacora');
  // All that follows is stored forty days ago.
  await restart(clockBehind(40));
  const made = await serverA.json('/v1/ledgers', {
    method: 'POST',
    body: JSON.stringify({ name: 'doors', retentionDays: 30 }),
  });
  expect(made.status).toBe(201);
  sent = [];
  for (const [round, count] of rounds.entries()) {
    const batch = oldEvents(count, sent.length);
    sent.push(...batch);
    await (round % 2 === 0 ? serverA : serverB).send(batch, { ledger });
    if (round < 2) await waitUntil('a closed segment', async () => (await closed()) === round + 1);
  }
  await restart();
});

async function restart(environment?: Record<string, string>): Promise<void> {
  for (const server of [serverA, serverB]) {
    await server.kill();
    await server.restart(environment);
  }
}

afterAll(async () => {
  await superuser?.end();
  for (const server of [serverA, serverB]) await server?.dispose();
  await database?.close();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

async function closed(): Promise<number> {
  return (await superuser.query("select 1 from segment where state = 'closed'")).rowCount ?? 0;
}

/** Changes the times of the oldest remaining segment as if it had been closed 31 days ago. */
async function age(): Promise<void> {
  await superuser.query(
    `update segment_range set greatest_ingested_at = now() - interval '31 days'
     where segment = (select min(number) from segment where retention_class = 30 and state <> 'purged')`,
  );
}

async function run(server: TestServer): Promise<{ status: number; entries: number }> {
  const { status, body } = await server.json('/v1/retention/run', { method: 'POST', body: '{}' });
  return { status, entries: body.entries };
}

async function expectLeft(server: TestServer, first: number): Promise<void> {
  await expectOnlyLeft(server, ledger, { events: sent.slice(first), first });
}

/** Expects that each removal is recorded once in the table and once in the audit ledger. */
async function expectRecorded(entries: number): Promise<void> {
  const { rows } = await superuser.query(
    'select first_index::int as first, end_index::int as end from purge order by first_index',
  );
  expect(rows.reduce((next, row) => (row.first === next ? row.end : Number.NaN), 0)).toBe(entries);
  const { body } = await serverB.json('/v1/events?ledger=default.audit&action=retention.purge');
  const announced = body.entries.map(({ event }: any) => event.attributes.entries);
  expect(announced.reduce((sum: number, count: number) => sum + count, 0)).toBe(entries);
}

test('C-11 two servers remove the same segment and one is killed meanwhile: the other removes the whole segment, once', async () => {
  await age();
  const reader = new pg.Client({ connectionString: database.url });
  await reader.connect();
  await reader.query('begin; lock table bitacora.bundle in access share mode');
  const killed = run(serverA).catch(() => undefined);
  const other = run(serverB);
  await waitUntil('two servers at it', async () => {
    const found = await superuser.query(
      "select 1 from pg_stat_activity where query like 'select purge_segment(%' and state = 'active'",
    );
    return found.rowCount === 2;
  });
  await serverA.kill();
  await reader.query('rollback');
  await reader.end();
  await killed;
  expect(await other).toEqual({ status: 200, entries: 300 });
  await expectLeft(serverB, 300);
  await serverA.restart();
  await expectLeft(serverA, 300);
  expect(await run(serverA)).toEqual({ status: 200, entries: 0 });
  await expectRecorded(300);
});

test('C-11 two servers remove at the same moment: each entry is removed once, and every answer is right', async () => {
  await age();
  const more = [oldEvents(30, 27_000), oldEvents(30, 28_000)];
  const [first, second] = await Promise.all([run(serverA), run(serverB)]);
  expect([first.status, second.status, first.entries + second.entries]).toEqual([200, 200, 210]);
  for (const [n, batch] of more.entries()) {
    const [mine, others] = n === 0 ? [serverA, serverB] : [serverB, serverA];
    sent.push(...batch);
    expect((await mine.send(batch, { ledger })).body.accepted).toBe(30);
    await expectLeft(mine, 510);
    await expectLeft(others, 510);
  }
  await expectRecorded(510);
  const vkey = (await (await serverB.fetch(`/v1/tlog/${ledger}/key`)).text()).trim();
  // Publishes what was just sent.
  expect((await serverB.fetch(`/v1/events/${sent.at(-1)?.id}/proof`)).status).toBe(200);
  const from = ['--from', serverB.url, '--ledger', ledger, '--key', serverB.key, '--vkey', vkey];
  expect(await runVerify(from)).toMatchObject({ exitCode: 0, kind: 'ok', size: 610 });
});
