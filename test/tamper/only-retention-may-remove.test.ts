import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makeEvents } from '../support/make-events.ts';
import { readPublishedLedger } from '../support/read-published-ledger.ts';
import { runVerify, type Verdict } from '../support/run-verify.ts';
import { clockBehind } from '../support/shifted-clock.ts';
import { superuserOf } from '../support/superuser.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { letInAdministrator, type DatabaseAdministrator } from './database-administrator.ts';

const folder = mkdtempSync(join(tmpdir(), 'bitacora-purges-'));
const [forEver, doors, young] = ['default.papers', 'default.doors', 'default.young'];
let server: TestServer;
let administrator: DatabaseAdministrator;
/** What the auditor holds of a ledger. */
const held = new Map<string, string[]>();

beforeAll(async () => {
  server = await startTestServer({ BITACORA_SEGMENT_ENTRIES_MAX: '250' });
  await restart(clockBehind(40));
  for (const body of [
    { name: 'papers' },
    { name: 'doors', retentionDays: 30 },
    { name: 'young', retentionDays: 20 },
  ])
    expect((await server.json('/v1/ledgers', { method: 'POST', body: JSON.stringify(body) })).status).toBe(
      201,
    );
  for (const ledger of [forEver, doors]) {
    const { status, body } = await server.send(makeEvents(300), { ledger });
    expect(status).toBe(201);
    const { note, vkey } = await readPublishedLedger(server, { ledger, sizeLeast: 300 });
    const files = { note: join(folder, `${ledger}.notes`), receipt: join(folder, `${ledger}.receipts`) };
    writeFileSync(files.note, note);
    writeFileSync(files.receipt, JSON.stringify(body));
    const leaves = join(server.dataDirectory, 'checkpoints', `${ledger}.leaves`);
    held.set(ledger, [
      '--vkey',
      vkey,
      '--checkpoint',
      files.note,
      '--receipt',
      files.receipt,
      '--leaves',
      leaves,
    ]);
  }
  await restart();
  await server.send(makeEvents(300), { ledger: young });
  const reader = superuserOf(server);
  await waitUntil('closed segments', async () => {
    const found = await reader.query("select 1 from segment where state = 'closed'");
    return found.rowCount === 3;
  });
  await reader.end();
  administrator = await letInAdministrator(server);
});
afterEach(() => administrator.restore());
afterAll(async () => {
  await administrator?.leave();
  await server?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function restart(environment?: Record<string, string>): Promise<void> {
  await server.kill();
  await server.restart(environment);
}

const verify = (ledger: string, ...more: string[]): Promise<Verdict> =>
  runVerify([
    '--from',
    server.url,
    '--ledger',
    ledger,
    '--key',
    server.key,
    ...(held.get(ledger) ?? []),
    ...more,
  ]);

const run = (): ReturnType<TestServer['json']> =>
  server.json('/v1/retention/run', { method: 'POST', body: '{}' });

async function announced(): Promise<any[]> {
  const { body } = await server.json('/v1/events?ledger=default.audit&limit=100&q=action:retention.*');
  return body.entries;
}

/** Makes the tables say that the entries of a ledger are this many days old. */
async function setAge(ledger: number, days: number): Promise<void> {
  await administrator.sql.query(
    'update segment_range set greatest_ingested_at = now() - make_interval(days => $2) where ledger = $1',
    [ledger, days],
  );
}

/** Deletes the entries below 256 of a ledger, as retention would leave it. */
async function disguise(ledger: string, noticeIndex: number | null): Promise<void> {
  const id = await administrator.ledgerId(ledger);
  const { sql } = administrator;
  for (const [table, column] of [
    ['bundle', 'first_index'],
    ['personal', 'first_index'],
    ['entry', 'index'],
  ])
    await sql.query(`delete from ${table} where ledger = $1 and ${column} < 256`, [id]);
  await sql.query(
    `insert into purge (ledger, segment, first_index, end_index, least_at, greatest_at, greatest_ingested_at, retention_days,
       notice_index)
     select ledger, segment, 0, 256, least_at, greatest_at, greatest_ingested_at, 30, $2 from segment_range
     where ledger = $1 and first_index = 0`,
    [id, noticeIndex],
  );
  await sql.query('update head set minimum = 256 where ledger = $1', [id]);
  await sql.query('update segment_range set first_index = 256 where ledger = $1 and first_index = 0', [id]);
}

test('F-05 C-11 a deletion that is disguised as retention is found, and the server certifies none', async () => {
  const others = (await server.json('/v1/events?ledger=default.audit&limit=100')).body.entries;
  for (const notice of [null, ...others.map(({ index }: { index: number }) => index)].slice(0, 4)) {
    await disguise(forEver, notice);
    const verdict = await verify(forEver, '--no-values');
    expect(verdict, verdict.text).toMatchObject({ exitCode: 1, kind: 'unaccounted', index: 0 });
    expect(verdict.text).not.toContain('all 300');
    await administrator.restore();
    await administrator.sql.query('delete from purge');
  }
  await disguise(forEver, null);
  await restart();
  await run();
  expect(await announced()).toEqual([]);
  await administrator.sql.query('delete from purge');
});

test('F-05 C-11 the period of a ledger is the one that a signed event states, whatever the tables say', async () => {
  const { sql } = administrator;
  const id = await administrator.ledgerId(forEver);
  const change = async (days: number | null): Promise<void> => {
    await sql.query('update ledger set retention_days = $2 where id = $1', [id, days]);
    await setAge(id, 39);
  };
  await change(7);
  expect(await run()).toMatchObject({
    status: 503,
    body: { detail: expect.stringContaining('the ledger keeps for ever, and not 7 days') },
  });
  // The event that states another ledger's period.
  const { rows } = await sql.query('select record_index from ledger where name = $1', [doors]);
  await sql.query('update ledger set record_index = $2 where id = $1', [id, rows[0].record_index]);
  expect(await run()).toMatchObject({
    status: 503,
    body: { detail: expect.stringContaining('is another one') },
  });
  await sql.query('update ledger set record_index = null where id = $1', [id]);
  expect(await run()).toMatchObject({
    status: 503,
    body: { detail: expect.stringContaining('no signed event') },
  });
  await change(null);
  expect(await announced()).toEqual([]);
});

test('F-05 C-11 entries younger than the period stay, whatever the tables say of their age', async () => {
  const id = await administrator.ledgerId(young);
  await setAge(id, 21);
  expect(await run()).toMatchObject({
    status: 503,
    body: {
      detail: expect.stringMatching(/default\.young may not be removed: the newest .* was not 20 days old/),
    },
  });
  expect(await announced()).toEqual([]);
});

test('F-05 C-11 entries that are not as signed are not removed, so that the evidence stays', async () => {
  const id = await administrator.ledgerId(doors);
  await administrator.editRow(id, 17, (line) => line.replace('"invoice.update"', '"invoice.delete"'));
  await setAge(id, 31);
  expect(await run()).toMatchObject({
    status: 503,
    body: { detail: expect.stringContaining('default.doors below 300 are not as signed') },
  });
  expect(await announced()).toEqual([]);
});
