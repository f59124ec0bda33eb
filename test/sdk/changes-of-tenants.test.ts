import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { uuidV7 } from '@bitacora/event';
import { createAudit, withContext } from '@bitacora/sdk';
import {
  createOutboxForwarder,
  outboxInstallSql,
  outboxPost,
  writeOutbox,
  type Forwarded,
  type OutboxForwarder,
} from '@bitacora/sdk/outbox';
import { auditPool } from '@bitacora/sdk/pg';
import { installCapture, uninstallCapture } from '@bitacora/sdk/postgres';
import { createHostDatabase, everybodyLeft } from '../support/host-database.ts';
import { openTenant } from '../support/open-tenant.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const cli = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));

let server: TestServer;
/** Two tenants of the server, and the tenant of the server's own key. */
let seen: { north: TestServer; south: TestServer; own: TestServer };
let url: string;
let database: pg.Pool;
const query = (text: string, values: readonly unknown[]): Promise<pg.QueryResult> =>
  database.query(text, [...values]);

beforeAll(async () => {
  server = await startTestServer();
  const north = await openTenant(server, 'north');
  const south = await openTenant(server, 'south');
  seen = { north, south, own: server };
  url = await createHostDatabase(server.superuserUrl(), 'host');
  database = new pg.Pool({ connectionString: url });
  await database.query(outboxInstallSql());
});
beforeEach(() => database.query('truncate bitacora.outbox'));
afterAll(async () => {
  await database?.end();
  await everybodyLeft(server.superuserUrl(), 'host');
  await server.dispose();
});

/** Writes rows with targets of the type `target` in the context of `tenant`. */
async function write(tenant: string | undefined, target: string, count = 1): Promise<void> {
  const events = Array.from({ length: count }, (_, at) => ({
    id: uuidV7(),
    action: 'order.place',
    actor: { type: 'user' as const, id: 'ann' },
    targets: [{ type: target, id: String(at) }],
  }));
  await withContext(tenant === undefined ? {} : { tenant }, () =>
    writeOutbox({ query: (text, values) => database.query(text, [...values]) }, events),
  );
}

/** Forwards until there are no more rows. Returns the sums of all batches, and the number of batches. */
async function forwardAll(forwarder: OutboxForwarder): Promise<Forwarded & { batches: number }> {
  const total = { sent: 0, rejected: 0, unchanged: 0, later: 0, held: 0, batches: 0 };
  for (;;) {
    const batch = await forwarder.forwardOnce();
    for (const state of ['sent', 'rejected', 'unchanged', 'later', 'held'] as const)
      total[state] += batch[state];
    if (batch.later > 0 || batch.sent + batch.rejected + batch.unchanged + batch.held === 0) return total;
    total.batches += 1;
  }
}

/** The number of events with this type of target in each tenant's ledger. */
async function found(target: string): Promise<Record<keyof typeof seen, number>> {
  const counts = { north: 0, south: 0, own: 0 };
  for (const name of ['north', 'south', 'own'] as const)
    counts[name] = (
      await seen[name].json(`/v1/events?q=target.type:${target}&count=true&limit=1`)
    ).body.count;
  return counts;
}

async function waiting(): Promise<Record<string, number>> {
  const { rows } = await database.query(
    `select coalesce(tenant, '-') as tenant, count(*)::int as rows from bitacora.outbox group by tenant`,
  );
  return Object.fromEntries(rows.map(({ tenant, rows: count }) => [tenant, count]));
}

const leasesEnd = (): Promise<unknown> =>
  database.query('update bitacora.outbox set leased_until = clock_timestamp()');

test('SDK-17 each row goes to the ledger of its tenant; rows of an unknown tenant stay, are reported, and delay no others', async () => {
  const keys: Record<string, string> = { north: seen.north.key, south: seen.south.key };
  await write('west', 'lane', 250);
  for (const tenant of ['north', undefined, 'south', 'north']) await write(tenant, 'lane', 3);
  const errors: string[] = [];
  const forwarder = createOutboxForwarder({
    query,
    batchRowsMax: 50,
    onError: (error: Error) => errors.push(error.message),
    to: outboxPost({ url: server.url, key: server.key, keyOf: (tenant) => keys[tenant] }),
  });
  expect(await forwardAll(forwarder)).toEqual({
    sent: 12,
    held: 250,
    later: 0,
    rejected: 0,
    unchanged: 0,
    batches: 6,
  });
  expect(await found('lane')).toEqual({ north: 6, south: 3, own: 3 });
  expect(await waiting()).toEqual({ west: 250 });
  expect(errors).toEqual([
    'the events of the tenant west stay in the outbox: there is no key for this tenant',
  ]);
  // A key that the server refuses has the same effect as no key.
  keys['west'] = 'no-such-key';
  await leasesEnd();
  await write('south', 'lane');
  expect(await forwardAll(forwarder)).toMatchObject({ sent: 1, held: 250, later: 0 });
  expect(errors.at(-1)).toMatch(/^the events of the tenant west stay in the outbox: the server answered 401/);
  keys['west'] = seen.north.key;
  await leasesEnd();
  expect(await forwardAll(forwarder)).toMatchObject({ sent: 250, held: 0 });
  expect(await found('lane')).toEqual({ north: 256, south: 4, own: 3 });
});

test('SDK-17 however many rows are held back, the rows behind them are sent, and then those that wait longest', async () => {
  const keys: Record<string, string> = { north: seen.north.key };
  await write('west', 'row', 6);
  await write('south', 'row');
  await write('north', 'row', 2);
  const forwarder = createOutboxForwarder({
    query,
    batchRowsMax: 2,
    to: outboxPost({ url: server.url, key: server.key, keyOf: (tenant) => keys[tenant] }),
  });
  const forward = async (): Promise<Forwarded> => {
    const batch = await forwarder.forwardOnce();
    // The test acts as if reading the rows that are held back took longer than a lease.
    await query('update bitacora.outbox set leased_until = leased_until - interval $$1 hour$$', []);
    return batch;
  };
  for (let batches = 0; batches < 5; batches++) await forward();
  expect(await waiting()).toEqual({ west: 6, south: 1 });
  keys['south'] = seen.south.key;
  for (let batches = 0; batches < 4; batches++) await forward();
  expect(await waiting()).toEqual({ west: 6 });
});

test('SDK-17 a ledger that a tenant does not have delays only that tenant', async () => {
  const sales = JSON.stringify({ name: 'sales' });
  const made = await seen.north.json('/v1/ledgers', { method: 'POST', body: sales });
  expect(made.status).toBe(201);
  const ready = async (): Promise<number> =>
    (await seen.north.send({ action: 'shop.open', actor: { id: 'ann' } }, { ledger: 'sales' })).status;
  await expect.poll(ready).toBe(201);
  await write('south', 'aisle', 2);
  await write('', 'aisle');
  await write('north', 'aisle', 2);
  const keys: Record<string, string> = { north: seen.north.key, south: seen.south.key, '': 'no-such-key' };
  const post = { url: server.url, key: server.key, ledger: 'sales' };
  const to = outboxPost({ ...post, keyOf: (tenant) => keys[tenant] });
  const forwarder = createOutboxForwarder({ query, to, batchRowsMax: 3 });
  expect(await forwardAll(forwarder)).toMatchObject({ sent: 2, held: 3, later: 0 });
});

test('SDK-17 an audit that forwards asks its keyOf, and separates the tenants of one transaction', async () => {
  await database.query('create table parcel (id integer primary key, owner text)');
  const audit = createAudit({
    url: server.url,
    key: server.key,
    name: 'desk',
    keyOf: () => 'not needed to write',
  });
  const client = await auditPool(database, audit, { tables: { parcel: {} } }).connect();
  try {
    await client.query('begin');
    for (const [at, tenant] of ['north', 'south', 'west', undefined].entries())
      await withContext(tenant === undefined ? {} : { tenant }, async () => {
        await client.query('insert into parcel values ($1, $2)', [at, 'ann']);
        await audit.capture(
          { action: 'parcel.weigh', target: { type: 'parcel', id: String(at) } },
          { transaction: client },
        );
      });
    await client.query('commit');
  } finally {
    client.release();
  }
  await audit.close();
  expect(await waiting()).toEqual({ north: 2, south: 2, west: 2, '-': 2 });
  const errors: string[] = [];
  const to = createAudit({
    url: server.url,
    key: server.key,
    name: 'forwarder',
    keyOf: (tenant) => (tenant === 'north' ? seen.north.key : tenant === 'south' ? seen.south.key : ''),
  });
  const onError = (error: Error): unknown => errors.push(error.message);
  expect(await forwardAll(createOutboxForwarder({ query, to, onError }))).toMatchObject({ sent: 6, held: 2 });
  await to.close();
  expect(await found('parcel')).toEqual({ north: 2, south: 2, own: 2 });
  expect(errors).toEqual([expect.stringMatching(/^the events of the tenant west stay in the outbox: /)]);
});

test('SDK-17 F-03 the rows of triggers go to the tenant in the setting of the transaction, whichever program sets it', async () => {
  await database.query('create table crate (id integer primary key, owner text)');
  await installCapture(query, { tables: ['crate'] });
  const audit = createAudit({ url: server.url, key: server.key, name: 'desk' });
  const pool = auditPool(database, audit, {});
  await withContext({ tenant: 'north', actor: { id: 'ann' } }, () =>
    pool.query(`insert into crate values (1, 'a'), (2, 'b')`),
  );
  const context = `{"tenant": "south", "actor": {"type": "user", "id": "u-7"}}`;
  await database.query(
    `begin; select set_config('bitacora.context', '${context}', true); update crate set owner = 'c'; commit`,
  );
  await database.query(
    `begin; set local bitacora.context = '{"tenant": 7}'; delete from crate where id = 1; commit`,
  );
  await withContext({ tenant: 'north', actor: { id: 'ann' }, reason: 'x'.repeat(30_000) }, () =>
    pool.query(`insert into crate values (3, 'too much to tell')`),
  );
  const attributes: any = { big: 1n };
  await withContext({ tenant: 'north', actor: { id: 'ann' }, attributes }, () =>
    pool.query(`insert into crate values (4, 'no JSON')`),
  );
  await audit.close();
  const keys: Record<string, string> = { north: seen.north.key, south: seen.south.key };
  const to = outboxPost({ url: server.url, key: server.key, keyOf: (tenant) => keys[tenant] });
  expect(await forwardAll(createOutboxForwarder({ query, to }))).toMatchObject({ sent: 7, held: 0 });
  expect(await found('crate')).toEqual({ north: 4, south: 2, own: 1 });
  const { body } = await seen.south.json('/v1/events?q=target.type:crate&limit=1');
  expect(body.entries[0].event).toMatchObject({ actor: { id: 'u-7' }, action: 'crate.update' });
  expect(JSON.stringify(body.entries[0].event)).not.toContain('south');
  await uninstallCapture(query, 'all');
});

test('SDK-17 without keys of tenants all rows are sent with the one key, and an outbox of an earlier version is migrated', async () => {
  await database.query('alter table bitacora.outbox drop tenant');
  await write(undefined, 'single', 2);
  await database.query(outboxInstallSql());
  await write('north', 'single', 2);
  const to = outboxPost({ url: server.url, key: server.key });
  expect(await forwardAll(createOutboxForwarder({ query, to }))).toMatchObject({ sent: 4, held: 0 });
  expect(await found('single')).toEqual({ north: 0, south: 0, own: 4 });
});

test('SDK-17 bitacora capture forward takes the keys of the tenants from a file', async () => {
  const file = join(server.dataDirectory, 'tenant-keys.json');
  const run = (text: string): { status: number | null; stdout: string; stderr: string } => {
    writeFileSync(file, text);
    return spawnSync(
      process.execPath,
      ['--conditions=bitacora:source', cli, 'capture', 'forward', '--once', '--tenant-keys', file],
      {
        encoding: 'utf8',
        env: { ...process.env, DATABASE_URL: url, BITACORA_URL: server.url, BITACORA_API_KEY: server.key },
      },
    );
  };
  for (const tenant of ['north', 'west', undefined]) await write(tenant, 'file');
  expect(run('{"north": 7}')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--tenant-keys: '),
  });
  expect(run('["north"]')).toMatchObject({ status: 2, stderr: expect.stringContaining('--tenant-keys: ') });
  expect(run(JSON.stringify({ north: seen.north.key }))).toMatchObject({
    status: 1,
    stdout: '2 sent, 0 rejected, 1 not taken\n',
    stderr: expect.stringContaining('the events of the tenant west stay in the outbox'),
  });
  expect(await found('file')).toEqual({ north: 1, south: 0, own: 1 });
  expect(await waiting()).toEqual({ west: 1 });
});

test('SDK-17 an event without a key for its tenant goes to the outbox and is counted', async () => {
  const errors: string[] = [];
  const audit = createAudit({
    url: server.url,
    key: server.key,
    mode: 'outbox' as const,
    keyOf: () => undefined,
    onError: ({ code, field }) => void errors.push(`${code} ${field ?? ''}`),
  });
  const transaction = { query: (text: string, values: readonly unknown[]) => query(text, values) };
  const capture = (action: string): unknown =>
    withContext({ tenant: 'north' }, () => audit.capture({ action }, { transaction }));
  expect(await capture('order.place')).toMatchObject({ state: 'outboxed' });
  expect(await capture('')).toMatchObject({ state: 'rejected', rejection: { field: 'action' } });
  const { rows } = await query('select tenant, event from bitacora.outbox', []);
  expect(rows).toMatchObject([{ tenant: 'north', event: { action: 'order.place' } }]);
  expect(audit.health()).toMatchObject({ outboxed: 1, submitted: 1, rejected: 1, dropped: 0 });
  expect(errors).toEqual(['rejected action']);
  await audit.close();
});
