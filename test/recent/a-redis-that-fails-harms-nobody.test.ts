import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { inventEvents } from '../support/invented-events.ts';
import { createRandom } from '../support/random.ts';
import { runPostgres, type PostgresCluster } from '../support/run-postgres.ts';
import { runRedis, type RunningRedis } from '../support/run-redis.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { waitUntil } from '../support/wait-until.ts';

const full = process.env['BITACORA_FAULTS'] === 'full';
const kills = full ? 200 : 8;
/** What other work of the machine may add in a short run. */
const busyMs = 300;
const random = createRandom(11);
let redis: RunningRedis;
let proxy: FaultProxy;
let postgres: PostgresCluster;
let server: TestServer;
const directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'bitacora-redis-')));

beforeAll(async () => {
  [postgres, redis] = await Promise.all([runPostgres(), runRedis()]);
  proxy = await startFaultProxy({ port: redis.port });
  server = await startServer(0, { BITACORA_REDIS_URL: `redis://127.0.0.1:${proxy.port}/1` });
  const events = inventEvents(random, 600).map(({ occurredAt: _, ...event }) => event);
  for (let first = 0; first < events.length; first += 200)
    expect((await server.send(events.slice(first, first + 200))).status).toBe(201);
  await warm();
});
afterAll(async () => {
  await server?.dispose();
  await proxy?.close();
  await redis?.close();
  await postgres?.close();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A server on the one database: `which` of the two directories it has. */
function startServer(which: 0 | 1, environment: Record<string, string>): Promise<TestServer> {
  const [own = '', other = ''] = which === 0 ? directories : directories.toReversed();
  chmodSync(own, 0o755);
  // Servers of one installation have the same keys.
  if (which === 1) cpSync(join(other, 'keys'), join(own, 'keys'), { recursive: true });
  return startTestServer({ BITACORA_DATABASE_URL: postgres.url, ...environment }, { dataDirectory: own });
}

const sourceOf = async (): Promise<string> => (await server.json('/v1/events')).body.source;
const warm = (): Promise<boolean> =>
  waitUntil('answers from recent', async () => (await sourceOf()) === 'recent', 20_000);

async function timed(): Promise<{ status: number; ms: number; ids: string[] }> {
  const response = await server.fetch('/v1/events?limit=20');
  const ms = Number(/dur=([\d.]+)/.exec(response.headers.get('server-timing') ?? '')?.[1]);
  const body: any = await response.json();
  return { status: response.status, ms, ids: body.entries?.map((entry: { id: string }) => entry.id) ?? [] };
}

const percentile = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? 0;

test(`F11 A-06 Redis is killed ${kills} times during reads and writes: no 5xx, the same entries, and it is used again`, async () => {
  const during: number[] = [];
  const normal: number[] = [];
  let reading = true;
  let killing = false;
  const expected = new Set((await timed()).ids);
  const sentIds = new Set<string>();
  const failures: unknown[] = [];
  const readers = Array.from({ length: 2 }, async () => {
    while (reading) {
      const { status, ms, ids } = await timed();
      (killing ? during : normal).push(ms);
      if (status !== 200 || ids.length !== 20) failures.push({ status, ids });
      // every entry was sent before it was shown
      if (!ids.every((id) => expected.has(id) || sentIds.has(id))) failures.push({ ids });
    }
  });
  await waitUntil('pages in quiet', () => Promise.resolve(normal.length > 200));
  killing = true;
  for (let kill = 0; kill < kills; kill++) {
    await redis.kill();
    const [event] = inventEvents(random, 1);
    if (event) {
      sentIds.add(event.id);
      const { status } = await server.send({ ...event, occurredAt: undefined });
      expect(status).toBe(201);
      // who wrote it sees it at once, whatever Redis does
      expect((await timed()).ids[0]).toBe(event.id);
    }
    await redis.restart();
    await sleep(random.int(150));
  }
  reading = false;
  await Promise.all(readers);
  expect(failures).toEqual([]);
  expect(during.length).toBeGreaterThan(20);
  await warm();
  // 3 × of the row, and what a machine of two cores spends on starting Redis beside it
  expect(percentile(during, 0.95)).toBeLessThan(3 * percentile(normal, 0.95) + (full ? 50 : busyMs));
});

test('F14 a Redis that takes a second per command is left alone within five seconds, and used again when it is fast', async () => {
  const off = await startServer(1, { BITACORA_RECENT: 'off' });
  try {
    const sample = async (of: TestServer): Promise<number[]> => {
      const times: number[] = [];
      for (let read = 0; read < 100; read++) {
        const response = await of.fetch('/v1/events?limit=20');
        expect(response.status).toBe(200);
        times.push(Number(/dur=([\d.]+)/.exec(response.headers.get('server-timing') ?? '')?.[1]));
        await response.arrayBuffer();
      }
      return times;
    };
    await sample(off);
    proxy.set({ delayMs: 1_000 }, { now: true });
    const statuses = new Set<number>();
    const restsAfterAsking = async (): Promise<string> => {
      statuses.add((await timed()).status);
      return (await server.json('/v1/recent')).body.state;
    };
    await expect.poll(restsAfterAsking, { timeout: 5_000, interval: 20 }).toBe('resting');
    expect([...statuses]).toEqual([200]);
    // both in turn, so that what else the machine does meets both
    const slow: number[] = [];
    const plain: number[] = [];
    for (let round = 0; round < 3; round++) {
      plain.push(...(await sample(off)));
      slow.push(...(await sample(server)));
    }
    const { body } = await server.json('/v1/recent');
    expect(body.state).toBe('resting');
    expect(percentile(slow, 0.99)).toBeLessThan(1.5 * percentile(plain, 0.99) + (full ? 10 : busyMs));
  } finally {
    proxy.set({}, { now: true });
    await off.dispose();
  }
  await warm();
}, 60_000);

describe('what Redis holds', () => {
  test('A-08 clear deletes its own keys only, sync fills again, both while events are written', async () => {
    await redis.client().run('SET', "somebody else's", 'value');
    let writing = true;
    const writer = (async () => {
      while (writing) {
        const [event] = inventEvents(random, 1);
        expect((await server.send({ ...event, occurredAt: undefined })).status).toBe(201);
      }
    })();
    const cleared = await server.json('/v1/recent', { method: 'DELETE' });
    expect(cleared.status).toBe(200);
    expect(cleared.body.ledgers).toContainEqual({ ledger: 'default', keys: expect.any(Number) });
    const synced = await server.json('/v1/recent/sync', {
      method: 'POST',
      body: '{"ledger":"default","days":7}',
      headers: { 'content-type': 'application/json' },
    });
    expect(synced.body.ledgers).toEqual([
      { ledger: 'default', entries: expect.any(Number), durationMs: expect.any(Number) },
    ]);
    expect(synced.body.ledgers[0].entries).toBeGreaterThan(600);
    writing = false;
    await writer;
    expect(String(await redis.client().run('GET', "somebody else's"))).toBe('value');
    const names = await redis.client().names('*');
    expect(names.filter((name) => !/^bitacora:recent:[0-9a-f]{12}:\d+:\d+:/.test(name))).toEqual([
      "somebody else's",
    ]);
    await warm();
  });

  test('A-03 each key expires by itself and tells nothing in the clear', async () => {
    const [event] = inventEvents(random, 1);
    const marked = {
      ...event,
      description: 'unmistakable-words',
      actor: { id: 'u', name: 'Unmistakable Name' },
    };
    await server.send({ ...marked, occurredAt: undefined });
    await expect.poll(async () => (await server.json('/v1/events?limit=1')).body.source).toBe('recent');
    for (const name of await redis.client().names('bitacora:recent:*')) {
      expect(await redis.client().run('PTTL', name)).toBeGreaterThan(0);
      const value = await redis.client().run('GET', name);
      expect(`${name} ${String(value)}`).not.toMatch(/unmistakable/i);
    }
  });

  test('A-09 A-11 what it did is counted, and in the activity file', async () => {
    const { body } = await server.json('/v1/recent');
    expect(body).toMatchObject({ store: 'redis', state: 'asked', days: 7, entriesMaxPerKey: 1_000 });
    expect(body.counters.hits).toBeGreaterThan(0);
    expect(body.counters.misses).toBeGreaterThan(0);
    expect(body.counters.fallbacks).toBeGreaterThan(0);
    const held = body.ledgers.find(({ ledger }: { ledger: string }) => ledger === 'default');
    expect(held).toMatchObject({ complete: true, entries: held.upTo });
    expect(held.bytes / held.entries).toBeLessThan(400);
    const lines = readFileSync(`${server.dataDirectory}/logs/redis_activity.log`, 'utf8');
    expect(lines).toMatch(/Z INFO connected to Redis$/m);
    expect(lines).toMatch(/Z ERROR the store fails and is given a rest/m);
    expect(lines).toMatch(/Z INFO the store answers again/m);
    expect(lines).toMatch(/Z INFO ledger default: cleared, \d+ keys deleted$/m);
  });
});
