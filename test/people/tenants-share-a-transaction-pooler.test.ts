import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../support/random.ts';
import { runPgBouncer, type Pooler } from '../support/run-pgbouncer.ts';
import { runPostgres, type PostgresCluster } from '../support/run-postgres.ts';
import { makeKey } from '../support/tenant-with-events.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const tenantsCount = 50;
const questionsCount = process.env['BITACORA_FAULTS'] === 'full' ? 100_000 : 1_500;
const json = { 'content-type': 'application/json' };
let cluster: PostgresCluster;
let pooler: Pooler;
let server: TestServer;
let tenants: { name: string; key: string; canary: string; ids: string[] }[];

beforeAll(async () => {
  cluster = await runPostgres();
  pooler = await runPgBouncer(cluster.url, [
    'postgres',
    'postgres_writer',
    'postgres_reader',
    'postgres_maintenance',
  ]);
  server = await startTestServer({
    BITACORA_DATABASE_URL: cluster.url,
    BITACORA_DATABASE_POOLER: pooler.address,
  });
  tenants = [];
  for (let number = 0; number < tenantsCount; number += 10)
    tenants.push(...(await Promise.all(Array.from({ length: 10 }, (_, more) => makeOne(number + more)))));
});

async function makeOne(number: number): Promise<(typeof tenants)[number]> {
  const name = `tenant-${number}`;
  const canary = `canary${number}of`;
  await server.json('/v1/tenants', { method: 'POST', headers: json, body: JSON.stringify({ name }) });
  const { secret: key } = await makeKey(server, {
    tenant: name,
    scopes: ['ingest', 'read', 'tree', 'admin'],
  });
  const event = { action: `${canary}.write`, actor: { id: canary, name: canary }, description: canary };
  const { body } = await server.send([event, event, event], { as: key });
  await server.fetch(`/v1/directory/user/${canary}`, {
    method: 'PUT',
    headers: json,
    body: '{"name":"x"}',
    as: key,
  });
  return { name, key, canary, ids: body.results.map(({ id }: { id: string }) => id) };
}

afterAll(async () => {
  await server?.dispose();
  await pooler?.close();
  await cluster?.close();
});

test('X8 the questions go through the pooler, with fewer connections than callers', async () => {
  const client = new pg.Client(cluster.url);
  await client.connect();
  const { rows } = await client.query(
    "select usename, count(*)::int as connections from pg_stat_activity where usename in ('postgres_reader', 'postgres_writer') group by 1",
  );
  await client.end();
  expect(rows).toHaveLength(2);
  for (const { connections } of rows) expect(connections).toBeLessThanOrEqual(3);
});

test(`X8 fifty tenants at once on three connections: ${questionsCount} random questions, 0 leaks`, async () => {
  const random = createRandom(8_050);
  const questions = Array.from({ length: questionsCount }, () => {
    const own = random.pick(tenants);
    const other = random.pick(tenants);
    const place = random.pick([
      () => '/v1/events?count=true',
      () => `/v1/events?q=${other.canary}&count=true`,
      () => `/v1/events?actor=${other.canary}`,
      () => '/v1/facets?fields=action,actor',
      () => '/v1/histogram?interval=day&by=outcome',
      () => `/v1/events/${random.pick(own.ids)}`,
      () => `/v1/events/${random.pick(other.ids)}`,
      () => `/v1/directory/user/${other.canary}`,
      () => `/v1/tlog/${other.name}/checkpoint`,
      () => '/v1/ledgers',
      () => '/v1/users',
    ])();
    return { own, place };
  });
  const faults: string[] = [];
  let turnedAway = 0;
  const next = questions[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const { own, place } of next) {
      let response = await server.fetch(place, { as: own.key });
      // All fifty wait for three connections: a caller who waits for too long gets 503, and asks again.
      for (; response.status === 503; turnedAway++) response = await server.fetch(place, { as: own.key });
      const { status } = response;
      const text = (await response.text()).replaceAll(/"detail":"[^"]*"/g, '');
      const seen = new Set(text.match(/canary\d+of|tenant-\d+/g));
      seen.delete(own.canary);
      seen.delete(own.name);
      const wrong = status >= 500 || (place === '/v1/events?count=true' && !text.includes('"count":3'));
      if (seen.size > 0 || wrong) faults.push(`${own.name} ${place} → ${status} ${text.slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: tenantsCount }, worker));
  console.log(`${turnedAway} questions were turned away and asked again`);
  expect(faults).toEqual([]);
}, 1_800_000);
