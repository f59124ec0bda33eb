import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { readPublishedLedger } from '../support/read-published-ledger.ts';
import { makeEvents } from '../support/make-events.ts';
import { runVerify, type Verdict } from '../support/run-verify.ts';
import { runBitacora } from '../support/run-bitacora.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { letInAdministrator, type DatabaseAdministrator } from './database-administrator.ts';

/** More than one stored span of 16,384 entries, so that there are posting lists. */
const batches = 9;
const batchSize = 2_000;
const size = batches * batchSize;
let server: TestServer;
let administrator: DatabaseAdministrator;
let ledger: number;
let vkey: string;

const derived = ['rollup', 'posting', 'span', 'person', 'profile'];

beforeAll(async () => {
  // In the background nothing is checked: each test asks for it.
  server = await startTestServer({ BITACORA_CHECK_SECONDS: '86400' });
  for (let batch = 0; batch < batches; batch++)
    expect((await server.send(makeEvents(batchSize, { agoMs: (batches - batch) * 3_600_000 }))).status).toBe(
      201,
    );
  vkey = (await readPublishedLedger(server, { sizeLeast: size })).vkey;
  administrator = await letInAdministrator(server.superuserUrl());
  ledger = await administrator.ledgerId('default');
  await waitUntil('counts and posting lists of all entries', async () => {
    const found = await administrator.sql.query(
      `select 1 from projection r join projection p using (ledger)
       where r.ledger = $1 and r.name = 'rollups' and r.cursor = $2 and p.name = 'postings' and p.cursor > 0`,
      [ledger, size],
    );
    return found.rowCount === 1;
  });
  for (const table of derived)
    await administrator.sql.query(`create table kept.${table}_as_it_was as table ${table}`);
});
afterEach(async () => {
  await administrator.restore();
  const { sql } = administrator;
  for (const table of derived.toReversed()) await sql.query(`delete from ${table}`);
  for (const table of ['rollup', 'posting', 'span', 'person', 'profile'])
    await sql.query(`insert into ${table} overriding system value table kept.${table}_as_it_was`);
});
afterAll(async () => {
  await administrator?.leave();
  await server?.dispose();
});

const verify = (): Promise<Verdict> =>
  runVerify(['--from', server.url, '--ledger', 'default', '--key', server.key, '--vkey', vkey]);

interface Report {
  first: number;
  end: number;
  differences: { kind: string; index?: number; text: string }[];
}

async function check(): Promise<Report> {
  const { status, body } = await server.json('/v1/tlog/default/check', { method: 'POST' });
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

test('F-05 random checks of an untouched ledger find nothing, and doctor says so', async () => {
  let entries = 0;
  for (let part = 0; part < 60; part++) {
    const { first, end, differences } = await check();
    expect(differences).toEqual([]);
    entries += end - first;
  }
  expect(entries).toBeGreaterThan(60 * 100);
  expect(await runBitacora(server, ['doctor'])).toMatch(
    /fine +evidence: default +\d+ entries in 5 random parts/,
  );
  expect((await verify()).exitCode).toBe(0);
});

test.each([
  ['counts', 'counts raised by one', 'update rollup set count = count + 1'],
  ['counts', 'counts of buckets deleted', "delete from rollup where bucket > '-infinity' and field <> ''"],
  [
    'counts',
    'totals of a value moved to another',
    "update rollup set value = value || 'x' where field = 'actor'",
  ],
  [
    'postings',
    'posting lists exchanged',
    `update posting p set page = o.page from posting o
     where o.ledger = p.ledger and o.level = p.level and o.number = p.number
       and o.first_key = (select min(first_key) from posting q where q.ledger = p.ledger and q.first_key > p.first_key)`,
  ],
  ['postings', 'posting lists deleted', 'delete from posting'],
  [
    'postings',
    'times of the index zeroed',
    "update span set ranks = decode(repeat('00', octet_length(ranks)), 'hex')",
  ],
  ['ids', 'rows of the table of ids deleted', 'delete from entry where index % 3 = 0'],
  ['values', 'keys of persons deleted', 'update person set key = null'],
  ['values', 'personal records zeroed', "update personal set bytes = decode(repeat('00', 16), 'hex')"],
  [
    'values',
    'profiles changed',
    "update profile set bytes = overlay(bytes placing '\\\\x0000'::bytea from 15)",
  ],
  [
    'entries',
    'entries edited',
    `update bundle set entries = replace(entries, '"invoice.update"', '"invoice.delete"')`,
  ],
])('F-05 a check of a warm server finds %s: %s', async (kind, _what, statement) => {
  // The server remembers what it has just shown.
  await server.json('/v1/events?limit=1000');
  await administrator.sql.query(statement);
  await expect.poll(async () => (await check()).differences.map((one) => one.kind)).toContain(kind);
});

test.each([
  ['keys of persons deleted', 'update person set key = null', 'actor'],
  ['personal records zeroed', "update personal set bytes = decode(repeat('00', 16), 'hex')", 'text'],
])('F-05 verify counts values that are gone and names the first: %s', async (_what, statement, group) => {
  await server.json('/v1/events?limit=1000');
  await administrator.sql.query(statement);
  const verdict = await verify();
  expect(verdict, verdict.text).toMatchObject({ exitCode: 1, kind: 'valuesMissing', index: 0 });
  expect(verdict['groups']).toMatchObject({ [group]: { count: size, first: 0 } });
  expect(verdict.text).toContain('no signed erasure accounts for them');
});

test('F-05 one value that is gone is named by its index', async () => {
  await administrator.sql.query(
    `update personal set bytes = substring(bytes for 0) || decode(repeat('00', 16), 'hex')
     where ledger = $1 and first_index = 4000`,
    [ledger],
  );
  expect(await verify()).toMatchObject({ exitCode: 1, kind: 'valuesMissing', index: 4_000 });
});

test('F-05 the background check makes the server unready when counts differ', async () => {
  await server.kill();
  await server.restart({ BITACORA_CHECK_SECONDS: '1' });
  const problems = async (): Promise<string> => JSON.stringify((await server.json('/readyz')).body);
  expect(await problems()).not.toContain('stored evidence');
  await administrator.sql.query('update rollup set count = count + 1');
  await expect.poll(problems).toContain('stored evidence differs in ledger');
  expect((await server.json('/readyz')).status).toBe(503);
});
