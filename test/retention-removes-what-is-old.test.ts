import { rmSync, mkdtempSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectOnlyLeft, type LeftEvent } from './support/expect-only-left.ts';
import { oldEvents } from './support/old-events.ts';
import { openTenant } from './support/open-tenant.ts';
import { readPublishedLedger } from './support/read-published-ledger.ts';
import { runBitacora } from './support/run-bitacora.ts';
import { runVerify } from './support/run-verify.ts';
import { clockBehind } from './support/shifted-clock.ts';
import { startTestServer, type TestServer } from './support/test-server.ts';
import { waitUntil } from './support/wait-until.ts';

const ledger = 'default.doors';
const folder = mkdtempSync(join(tmpdir(), 'bitacora-retention-'));
/** The sizes of the three segments. The first two end within a bundle of 256 entries. */
const rounds = [300, 310, 90];
let server: TestServer;
let other: TestServer;
let superuser: pg.Client;
let vkey: string;
let sent: LeftEvent[];
let forEver: LeftEvent[];
/** What an auditor keeps: answers to the events sent, and a checkpoint of the first round. */
const receipts: unknown[] = [];
const keptNotes: string[] = [];

beforeAll(async () => {
  server = await startTestServer({ BITACORA_SEGMENT_ENTRIES_MAX: '250' });
  superuser = new pg.Client({ connectionString: server.superuserUrl() });
  await superuser.connect();
  await superuser.query('set search_path = bitacora');
  // All that follows is stored forty days ago.
  await restart(clockBehind(40));
  other = await openTenant(server, 'other');
  for (const tenantServer of [server, other]) {
    const made = await tenantServer.json('/v1/ledgers', {
      method: 'POST',
      body: JSON.stringify({ name: 'doors', retentionDays: 30 }),
    });
    expect(made.status).toBe(201);
  }
  forEver = oldEvents(40);
  await server.send(forEver);
  sent = [];
  for (const [round, count] of rounds.entries()) {
    const batch = oldEvents(
      count,
      rounds.slice(0, round).reduce((sum, count) => sum + count, 0),
    );
    sent.push(...batch);
    // Before the batch that fills the segment, so that both tenants have entries in it.
    if (round === 0) await other.send(oldEvents(20), { ledger: 'other.doors' });
    receipts.push((await server.send(batch, { ledger })).body);
    if (round === 0) keptNotes.push((await readPublishedLedger(server, { ledger, sizeLeast: count })).note);
    if (round < 2) await waitUntil('a closed segment', async () => (await segments('closed')) === round + 1);
  }
  await restart();
  vkey = (await (await server.fetch(`/v1/tlog/${ledger}/key`)).text()).trim();
});

async function restart(environment?: Record<string, string>): Promise<void> {
  await server.kill();
  await server.restart(environment);
}

afterAll(async () => {
  await superuser.end();
  await server.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function eventAt(index: number): LeftEvent {
  const event = sent[index];
  if (!event) throw new Error(`no event ${index} was sent`);
  return event;
}

async function segments(state: string): Promise<number> {
  const found = await superuser.query('select 1 from segment where state = $1', [state]);
  return found.rowCount ?? 0;
}

/** Changes the times of the oldest remaining segment as if it had been closed this many days ago. Its entries are forty days old. */
async function age(days: number): Promise<number> {
  const aged = await superuser.query(
    `update segment_range set greatest_ingested_at = now() - make_interval(days => $1)
     where segment = (select min(number) from segment where retention_class = 30 and state <> 'purged') returning segment`,
    [days],
  );
  return aged.rows[0].segment;
}

async function run(body: object): Promise<any> {
  const answer = await server.json('/v1/retention/run', {
    method: 'POST',
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return answer.body;
}

const verify = (...more: string[]): ReturnType<typeof runVerify> =>
  runVerify(['--from', server.url, '--ledger', ledger, '--key', server.key, '--vkey', vkey, ...more]);

async function acts(as: TestServer, name: string): Promise<any[]> {
  const { body } = await as.json(`/v1/events?ledger=${name}.audit&action=retention.purge&order=asc`);
  return body.entries.map((entry: any) => entry.event);
}

test('C-11 retention run removes nothing before its time, and a dry run removes nothing at all', async () => {
  await age(29);
  expect(await run({})).toEqual({ dryRun: false, entries: 0, segments: [] });
  await age(31);
  const text = await runBitacora(server, ['retention', 'run', '--dry-run']);
  expect(text).toContain(`${ledger}  300 entries, 0 to 299, `);
  expect(text).toContain('other.doors  20 entries, 0 to 19, ');
  expect(text.trimEnd().split('\n').at(-1)).toBe('320 entries would be removed');
  await expectOnlyLeft(server, ledger, { events: sent, first: 0 });
  expect(await acts(server, 'default')).toEqual([]);
  expect((await other.json('/v1/retention/run', { method: 'POST', body: '{}' })).status).toBe(403);
});

test('C-11 retention run removes what is older than its ledger keeps, prints how many, and every answer is right', async () => {
  const times = sent
    .slice(0, 300)
    .map(({ occurredAt }) => occurredAt)
    .sort();
  expect(JSON.parse(await runBitacora(server, ['retention', 'run', '--json']))).toMatchObject({
    dryRun: false,
    entries: 320,
    segments: [
      {
        ledgers: [
          {
            ledger,
            retentionDays: 30,
            entries: 300,
            firstIndex: 0,
            lastIndex: 299,
            from: times[0],
            to: times.at(-1),
          },
          { ledger: 'other.doors', entries: 20, firstIndex: 0, lastIndex: 19 },
        ],
      },
    ],
  });
  await expectOnlyLeft(server, ledger, { events: sent.slice(300), first: 300 });
  await expectOnlyLeft(other, 'other.doors', { events: [], first: 20 });
  await expectOnlyLeft(server, 'default', { events: forEver, first: 0 });
  const gone = eventAt(299);
  const left = eventAt(300);
  expect((await server.json(`/v1/events/${gone.id}`)).status).toBe(404);
  const { body: related } = await server.json(`/v1/events/${left.id}/related`);
  const correlated = [...forEver, ...sent.slice(300)].filter(
    ({ correlationId }) => correlationId === left.correlationId,
  );
  expect(related.correlation.count).toBe(correlated.length);
  expect(await acts(server, 'default')).toMatchObject([
    {
      operation: 'delete',
      targets: [{ type: 'ledger', id: ledger }],
      attributes: { entries: 300, firstIndex: 0, endIndex: 300, retentionDays: 30 },
    },
  ]);
  expect(await acts(other, 'other')).toMatchObject([{ attributes: { entries: 20 } }]);
  expect(await run({})).toEqual({ dryRun: false, entries: 0, segments: [] });
});

test('C-11 after a retention run the ledger verifies, online and from a copy, and the result says what was not checked', async () => {
  const purgedText = 'entries below 300 were purged and not checked';
  const copy = join(folder, 'copy');
  const online = await verify('--save', copy);
  expect(online).toMatchObject({ exitCode: 0, kind: 'ok', size: 700 });
  expect(online.text).toContain(purgedText);
  const offline = ['--from', copy, '--vkey', vkey];
  expect(await runVerify(offline)).toMatchObject({ exitCode: 0, kind: 'ok', root: online['root'] });
  expect(online.text).toContain('their removal was announced by signed events of the audit ledger (#');
  const statement = readFileSync(join(copy, 'retention'), 'utf8');
  writeFileSync(join(copy, 'retention'), statement.replace('"endIndex":300', '"endIndex":290'));
  const unaccounted = await runVerify(offline);
  expect(unaccounted).toMatchObject({ exitCode: 1, kind: 'unaccounted', index: 0 });
  expect(unaccounted.text).toContain(`${purgedText}, but signed events account for those below 0 only`);
  expect(await verify('--minimum-index', '0')).toMatchObject({ exitCode: 1, kind: 'gap', index: 0 });
  const tree = `/v1/tlog/${ledger}/tile`;
  expect((await server.fetch(`${tree}/entries/000`)).status).toBe(404);
  expect((await server.fetch(`${tree}/0/000`)).status).toBe(200);
  expect((await server.fetch(`${tree}/entries/001`)).status).toBe(200);
  expect((await server.fetch(`/v1/events/${eventAt(300).id}/proof`)).status).toBe(200);
});

test('F-05 C-11 after a retention run receipts, leaf hashes and checkpoints of what is gone still count', async () => {
  const files = { receipts: join(folder, 'receipts'), notes: join(folder, 'notes') };
  writeFileSync(files.receipts, receipts.map((receipt) => `${JSON.stringify(receipt)}\n`).join(''));
  writeFileSync(files.notes, keptNotes.join('\n'));
  const leaves = join(server.dataDirectory, 'checkpoints', `${ledger}.leaves`);
  const held = ['--checkpoint', files.notes, '--receipt', files.receipts, '--leaves', leaves];
  expect(await verify(...held)).toMatchObject({
    exitCode: 0,
    minimumIndex: 300,
    unchecked: { checkpoints: 0, receipts: 0, leaves: 0 },
  });
  const forged = join(folder, 'forged');
  writeFileSync(forged, JSON.stringify({ index: 200, leafHash: Buffer.alloc(32, 7).toString('base64') }));
  expect(await verify('--receipt', forged)).toMatchObject({ exitCode: 1, kind: 'differs', index: 200 });
  // Without the hashes of the removed part there is nothing to compare with, and the verdict counts it.
  const copy = join(folder, 'without-hashes');
  await verify('--save', copy);
  rmSync(join(copy, 'tile/0/000'));
  const unchecked = await runVerify(['--from', copy, '--vkey', vkey, ...held]);
  expect(unchecked).toMatchObject({ exitCode: 0, unchecked: { receipts: 256, leaves: 256 } });
  expect(unchecked.text).toContain('256 receipts, 256 leaf hashes could not be checked');
});

test('C-11 after a retention run an edit of a remaining entry is still found', async () => {
  const edit = (from: string, to: string): Promise<unknown> =>
    superuser.query(
      `update bundle set entries = replace(entries, $1, $2)
       where first_index = 300 and ledger = (select id from ledger where name = $3)`,
      [from, to, ledger],
    );
  const id = eventAt(305).id;
  const forged = `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`;
  await disableTriggers();
  await edit(id, forged);
  const found = await verify('--no-values');
  expect(found).toMatchObject({ exitCode: 1, kind: 'differs', index: 305 });
  expect(found.text).toContain('entries below 300 were purged');
  await edit(forged, id);
  expect((await verify('--no-values')).exitCode).toBe(0);
});

/** Only a superuser of the database may do this. */
async function disableTriggers(): Promise<void> {
  const found = await superuser.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'bitacora' and c.relkind = 'r' and c.relname ~ '^bundle_'`,
  );
  for (const { name } of found.rows) await superuser.query(`alter table ${name} disable trigger user`);
}

test('C-11 after a retention run no removed id is stored again, except by an import, whose answer says so', async () => {
  const old = eventAt(3);
  const ahead = eventAt(7);
  for (const event of [old, ahead]) {
    const again = await server.send(event, { ledger });
    expect(again.status).toBe(422);
    expect(again.body.results[0].error).toMatchObject({ code: 'expired', field: 'id' });
  }
  const kept = await server.send([sent[300], sent[650], sent[699]], { ledger });
  expect(kept.body).toMatchObject({ accepted: 0, duplicates: 3 });
  const imported = await server.json(`/v1/events?ledger=${ledger}&imported=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([old, sent[301]]),
  });
  expect(imported.body).toMatchObject({ accepted: 1, duplicates: 1, rejected: 0 });
  expect(imported.body.results[0]).toMatchObject({ index: 700, expired: true });
  sent.push(old);
  expect((await server.send(old, { ledger })).body).toMatchObject({ duplicates: 1 });
});

test('C-11 altered counts stop a retention run, whose message names the command that rebuilds them', async () => {
  await age(31);
  const ofLedger = `ledger = (select id from ledger where name = '${ledger}')`;
  await waitUntil('counts of all entries', async () => {
    const found = await superuser.query(
      `select cursor from projection where name = 'rollups' and ${ofLedger}`,
    );
    return Number(found.rows[0].cursor) === 701;
  });
  const counts = async (): Promise<unknown[]> =>
    (await superuser.query(`select * from rollup where ${ofLedger} order by field, bucket, value, outcome`))
      .rows;
  const before = await counts();
  await superuser.query("update rollup set count = 1 where field = 'action'");
  await superuser.query("update session set actor = 'somebody else', closed_at = now()");
  const refused = await server.json('/v1/retention/run', { method: 'POST', body: '{}' });
  expect(refused).toMatchObject({
    status: 503,
    body: { detail: expect.stringContaining('bitacora rebuild rollups') },
  });
  for (const projection of ['rollups', 'sessions'])
    expect(await runBitacora(server, ['rebuild', projection])).toContain(
      `${ledger}: ${projection} of 701 entries in `,
    );
  expect(await counts()).toEqual(before);
  expect((await superuser.query("select 1 from session where actor = 'somebody else'")).rowCount).toBe(0);
  await expectOnlyLeft(server, ledger, { events: sent.slice(300), first: 300 });
  const rebuilds = await server.json('/v1/events?ledger=default.audit&action=projection.rebuild');
  expect(rebuilds.body.entries).toHaveLength(2);
  const body = '{"projection":"postings"}';
  expect((await server.json('/v1/projections/rebuild', { method: 'POST', body })).status).toBe(400);
});

test('C-11 a retention run that is killed leaves whole segments, and the next run continues', async () => {
  const segment = await age(31);
  const reader = new pg.Client({ connectionString: server.superuserUrl() });
  await reader.connect();
  await reader.query('begin; lock table bitacora.bundle in access share mode');
  const running = server
    .fetch('/v1/retention/run', { method: 'POST', body: '{}' })
    .catch((error: unknown) => error);
  await expect
    .poll(
      async () =>
        (
          await superuser.query(
            "select 1 from pg_stat_activity where query like 'select purge_segment(%' and state = 'active'",
          )
        ).rowCount,
    )
    .toBe(1);
  await server.kill();
  await running;
  await reader.query('rollback');
  await reader.end();
  await server.restart();
  expect(
    (await superuser.query('select state from segment where number = $1', [segment])).rows[0].state,
  ).toBe('closed');
  await expectOnlyLeft(server, ledger, { events: sent.slice(300), first: 300 });

  const [one, two] = await Promise.all([run({}), run({})]);
  expect(one.entries + two.entries).toBe(310);
  await expectOnlyLeft(server, ledger, { events: sent.slice(610), first: 610 });
  expect(await verify()).toMatchObject({ exitCode: 0, kind: 'ok', size: 701 });
  // The run that was killed had announced the removal, the next ones found it announced.
  expect((await acts(server, 'default')).map(({ attributes }) => attributes)).toMatchObject([
    { firstIndex: 0, endIndex: 300 },
    { firstIndex: 300, endIndex: 610 },
  ]);
});

test('C-11 the entries left by a retention run are the same after a restart, and the ledger accepts new entries', async () => {
  await restart();
  const more = oldEvents(30, 27_000);
  await server.send(more, { ledger });
  sent.push(...more);
  await expectOnlyLeft(server, ledger, { events: sent.slice(610), first: 610 });
  // Publishes a checkpoint, which the proof needs.
  expect((await server.fetch(`/v1/events/${more.at(-1)?.id}/proof`)).status).toBe(200);
  expect(await verify()).toMatchObject({ exitCode: 0, kind: 'ok', size: 731 });
  expect(await run({})).toMatchObject({ entries: 0 });
  expect(await acts(server, 'default')).toHaveLength(2);
});
