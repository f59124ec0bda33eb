import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { uuidV7 } from '@bitacora/event';
import { createAudit } from '@bitacora/sdk';
import { createOutboxForwarder, outboxInstallSql, outboxPost, writeOutbox } from '@bitacora/sdk/outbox';
import { createHostDatabase, everybodyLeft } from '../support/host-database.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { waitUntil } from '../support/wait-until.ts';

const kills = process.env['BITACORA_FAULTS'] === 'full' ? 100 : 5;
const cli = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));

let server: TestServer;
let url: string;
let database: pg.Pool;
const query = (text: string, values: readonly unknown[]): Promise<pg.QueryResult> =>
  database.query(text, [...values]);

beforeAll(async () => {
  server = await startTestServer();
  url = await createHostDatabase(server.superuserUrl(), 'host');
  database = new pg.Pool({ connectionString: url });
  await database.query(outboxInstallSql());
  await database.query(outboxInstallSql());
});
beforeEach(() => database.query('truncate bitacora.outbox'));
afterAll(async () => {
  await database?.end();
  await everybodyLeft(server.superuserUrl(), 'host');
  await server.dispose();
});

interface Orders {
  target: string;
  from?: number;
  count: number;
}

async function write(
  { target, from = 0, count }: Orders,
  through: Pick<pg.ClientBase, 'query'> = database,
): Promise<void> {
  const events = Array.from({ length: count }, (_, at) => ({
    id: uuidV7(),
    action: 'order.place',
    actor: { type: 'user' as const, id: 'ann' },
    targets: [{ type: target, id: String(from + at) }],
  }));
  await writeOutbox({ query: (text, values) => through.query(text, [...values]) }, events);
}

/** The ids of the targets of this type in the ledger, one for each event. */
async function inLedger(target: string): Promise<number[]> {
  const ids: number[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const from = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { body }: { body: any } = await server.json(`/v1/events?q=target.type:${target}&limit=1000${from}`);
    ids.push(...body.entries.map(({ event }: any) => Number(event.targets[0].id)));
    cursor = body.next;
  }
  return ids.toSorted((a, b) => a - b);
}

async function waiting(): Promise<{ rows: number; rejected: number }> {
  const { rows } = await database.query(
    'select count(*)::int as rows, count(rejected_at)::int as rejected from bitacora.outbox',
  );
  return rows[0];
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

test('SDK-17 several forwarders at once send each row once, and leave no row', async () => {
  await write({ target: 'crowd', count: 3_000 });
  const forwarders = range(4).map(() =>
    createOutboxForwarder({ query, to: outboxPost({ url: server.url, key: server.key }), batchRowsMax: 100 }),
  );
  const sent = await Promise.all(
    forwarders.map(async (forwarder) => {
      let total = 0;
      for (;;) {
        const batch = await forwarder.forwardOnce();
        total += batch.sent;
        if (batch.sent === 0) return total;
      }
    }),
  );
  expect(sent.reduce((sum, count) => sum + count, 0)).toBe(3_000);
  expect(sent.filter((count) => count > 0).length).toBeGreaterThan(1);
  expect(await inLedger('crowd')).toEqual(range(3_000));
  expect(await waiting()).toEqual({ rows: 0, rejected: 0 });
});

test(`SDK-17 ${kills} kills of the forwarding process lose no event and store none twice`, async () => {
  const start = (): ChildProcess =>
    spawn(
      process.execPath,
      [
        '--conditions=bitacora:source',
        cli,
        'capture',
        'forward',
        '--database-url',
        url,
        '--url',
        server.url,
        '--key',
        server.key,
        '--batch',
        '50',
      ],
      { stdio: 'ignore' },
    );
  let forwarder = start();
  for (let kill = 0; kill < kills; kill++) {
    const before = (await inLedger('killed')).length;
    await write({ target: 'killed', from: kill * 400, count: 400 });
    await waitUntil('some rows', async () => (await inLedger('killed')).length > before);
    const ended = once(forwarder, 'exit');
    forwarder.kill('SIGKILL');
    await ended;
    // The leases of killed processes end after a minute. The test ends them at once.
    await database.query('update bitacora.outbox set leased_until = clock_timestamp()');
    forwarder = start();
  }
  await waitUntil('an empty outbox', async () => (await waiting()).rows === 0);
  const ended = once(forwarder, 'exit');
  forwarder.kill('SIGTERM');
  const [code] = await ended;
  expect(code).toBe(0);
  expect(await inLedger('killed')).toEqual(range(kills * 400));
});

test('SDK-17 a batch that was sent and not deleted is sent again, and is in the ledger once', async () => {
  await write({ target: 'again', count: 10 });
  const post = outboxPost({ url: server.url, key: server.key });
  const errors: string[] = [];
  const forgetful = createOutboxForwarder({
    query,
    to: async (events) => {
      await post(events, { tenant: undefined });
      throw new Error('the answer was lost');
    },
    onError: (error) => errors.push(error.message),
  });
  expect(await forgetful.forwardOnce()).toEqual({ sent: 0, rejected: 0, unchanged: 0, later: 10, held: 0 });
  expect(errors).toEqual(['the answer was lost']);
  expect(await createOutboxForwarder({ query, to: post }).forwardOnce()).toMatchObject({ sent: 10 });
  expect(await inLedger('again')).toEqual(range(10));
});

test('SDK-17 a transaction that commits late is not skipped', async () => {
  const slow = await database.connect();
  const forwarder = createOutboxForwarder({ query, to: outboxPost({ url: server.url, key: server.key }) });
  try {
    await slow.query('begin');
    await write({ target: 'late', from: 0, count: 1 }, slow);
    await write({ target: 'late', from: 1, count: 1 });
    expect(await forwarder.forwardOnce()).toMatchObject({ sent: 1 });
    expect(await inLedger('late')).toEqual([1]);
    await slow.query('commit');
  } finally {
    slow.release();
  }
  expect(await forwarder.forwardOnce()).toMatchObject({ sent: 1 });
  expect(await inLedger('late')).toEqual([0, 1]);
});

test('SDK-17 an event that the server rejects stays with its reason, and does not delay others', async () => {
  await write({ target: 'poison', from: 0, count: 2 });
  await database.query(`insert into bitacora.outbox (id, event) values
    (gen_random_uuid(), '{"action": "with spaces", "actor": {"id": "a"}}'), (gen_random_uuid(), '{"action": "a.b", "actor": {"id": "a"}, "changes": 7}')`);
  await write({ target: 'poison', from: 2, count: 2 });
  const forwarder = createOutboxForwarder({ query, to: outboxPost({ url: server.url, key: server.key }) });
  expect(await forwarder.forwardOnce()).toEqual({ sent: 4, rejected: 2, unchanged: 0, later: 0, held: 0 });
  expect(await forwarder.forwardOnce()).toMatchObject({ sent: 0, rejected: 0 });
  expect(await waiting()).toEqual({ rows: 2, rejected: 2 });
  const { rows } = await database.query('select reason from bitacora.outbox');
  expect(rows.every(({ reason }) => reason.length > 10)).toBe(true);
  expect(await inLedger('poison')).toEqual(range(4));
});

test('SDK-17 an audit forwards in order; while the server is away everything stays', async () => {
  await write({ target: 'away', count: 20 });
  const gone = createOutboxForwarder({
    query,
    to: outboxPost({ url: 'http://127.0.0.1:9', key: 'k' }),
    onError: () => undefined,
  });
  expect(await gone.forwardOnce()).toMatchObject({ sent: 0, later: 20 });
  const audit = createAudit({ url: server.url, key: server.key, name: 'forwarder' });
  expect(await createOutboxForwarder({ query, to: audit }).forwardOnce()).toMatchObject({ sent: 20 });
  await audit.close();
  const { body } = await server.json('/v1/events?q=target.type:away&limit=100');
  expect(body.entries.map(({ event }: any) => Number(event.targets[0].id))).toEqual(range(20).toReversed());
});

test('F-03 bitacora capture: install, a writer without the SDK, forward, status, uninstall', async () => {
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ['--conditions=bitacora:source', cli, 'capture', ...args], {
      encoding: 'utf8',
      env: { ...process.env, DATABASE_URL: url, BITACORA_URL: server.url, BITACORA_API_KEY: server.key },
    });
  await database.query(
    'create table invoice (id integer primary key, total numeric, password text, stamp integer)',
  );
  expect(run('install', '--table', 'invoice', '--mask', 'total', '--ignore', 'stamp')).toMatchObject({
    status: 0,
    stdout: 'public.invoice: captured\n',
  });
  expect(run('install', '--table', 'invoice', '--ignore', 'stamp')).toMatchObject({ status: 0 });
  expect(run('status')).toMatchObject({ stdout: 'public.invoice  captured; ignores stamp\n' });
  await database.query(`insert into invoice values (1, 12.50, 'hunter2 is it', 1), (2, 3, null, 1)`);
  await database.query(
    'update invoice set total = 20, stamp = stamp + 1 where id = 1; update invoice set stamp = 9',
  );
  expect(run('forward', '--once')).toMatchObject({ status: 0, stdout: '3 sent, 0 rejected, 0 not taken\n' });
  const { body } = await server.json('/v1/events?q=target.type:invoice&limit=10');
  const [updated, , created] = body.entries.map(({ event }: any) => event);
  expect(updated).toMatchObject({
    action: 'invoice.update',
    changes: [{ path: 'total', before: '12.50', after: '20' }],
  });
  expect(JSON.stringify(created)).not.toContain('hunter2');
  expect(run('uninstall', '--all')).toMatchObject({ status: 0, stdout: 'public.invoice: not captured\n' });
  expect(run('uninstall', '--all')).toMatchObject({ status: 0, stdout: '' });
  expect(run('install')).toMatchObject({ status: 2, stderr: expect.stringContaining('--table') });
  expect(run('install', '--table', 'nowhere')).toMatchObject({
    status: 2,
    stderr: 'bitacora: there is no table nowhere\n',
  });
  expect(run('status', '--database-url', 'postgres://127.0.0.1:9/none')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('the database says'),
  });
});
