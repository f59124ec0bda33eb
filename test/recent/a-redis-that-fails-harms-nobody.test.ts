import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
const random = createRandom(11);
let redis: RunningRedis;
let proxy: FaultProxy;
let postgres: PostgresCluster;
let server: TestServer;
const directory = mkdtempSync(join(tmpdir(), 'bitacora-redis-'));

beforeAll(async () => {
  [postgres, redis] = await Promise.all([runPostgres(), runRedis()]);
  proxy = await startFaultProxy({ port: redis.port });
  chmodSync(directory, 0o755);
  server = await startTestServer(
    { BITACORA_DATABASE_URL: postgres.url, BITACORA_REDIS_URL: `redis://127.0.0.1:${proxy.port}/1` },
    { dataDirectory: directory },
  );
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
  rmSync(directory, { recursive: true, force: true });
});

const sourceOf = async (): Promise<string> => (await server.json('/v1/events')).body.source;
const warm = (): Promise<boolean> =>
  waitUntil('answers from recent', async () => (await sourceOf()) === 'recent');

/** The newest twenty entries; with `always` a page that PostgreSQL always answers. */
async function timed(always?: 'postgres'): Promise<{ status: number; ms: number; ids: string[] }> {
  const response = await server.fetch(`/v1/events?limit=20${always ? '&order=asc' : ''}`);
  const ms = Number(/dur=([\d.]+)/.exec(response.headers.get('server-timing') ?? '')?.[1]);
  const body: any = await response.json();
  return { status: response.status, ms, ids: body.entries?.map((entry: { id: string }) => entry.id) ?? [] };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

test(`F11 A-06 Redis is killed ${kills} times during reads and writes: no 5xx, the same entries, and Redis is used again`, async () => {
  const during: number[] = [];
  const reference: number[] = [];
  let reading = true;
  let killing = false;
  const expected = new Set((await timed()).ids);
  const sentIds = new Set<string>();
  const failures: unknown[] = [];
  const readers = Array.from({ length: 2 }, async () => {
    while (reading) {
      const { status, ms, ids } = await timed();
      if (killing) {
        during.push(ms);
        reference.push((await timed('postgres')).ms);
      }
      if (status !== 200 || ids.length !== 20) failures.push({ status, ids });
      // Every entry was sent before it was shown.
      if (!ids.every((id) => expected.has(id) || sentIds.has(id))) failures.push({ ids });
    }
  });
  killing = true;
  for (let kill = 0; kill < kills; kill++) {
    await redis.kill();
    const [event] = inventEvents(random, 1);
    if (event) {
      sentIds.add(event.id);
      const { status } = await server.send({ ...event, occurredAt: undefined });
      expect(status).toBe(201);
      // The writer sees the entry at once, in every state of Redis.
      expect((await timed()).ids[0]).toBe(event.id);
    }
    await redis.restart();
    await sleep(random.int(150));
  }
  await waitUntil('pages during the kills', () => Promise.resolve(during.length > 50));
  reading = false;
  await Promise.all(readers);
  expect(failures).toEqual([]);
  await warm();
  // Both questions go to the same server at the same time: no caller waits for a Redis that is away.
  console.log(`median ${median(during)} ms, of pages that never ask Redis ${median(reference)} ms`);
  expect(median(during)).toBeLessThan(3 * median(reference));
});

test('F14 a Redis that takes a second per command is not asked after a few questions, and used again when it is fast', async () => {
  try {
    proxy.set({ delayMs: 1_000 }, { now: true });
    let questions = 0;
    await waitUntil('a store at rest', async () => {
      questions++;
      expect((await timed()).status).toBe(200);
      return (await server.json('/v1/recent')).body.state === 'resting';
    });
    expect(questions).toBeLessThanOrEqual(5);
    // Waits until no question is under way.
    await waitUntil('quiet', async () => {
      const before = proxy.chunksUp();
      await sleep(300);
      return proxy.chunksUp() === before;
    });
    const began = performance.now();
    const sent = proxy.chunksUp();
    const before = await fallbacks();
    for (let read = 0; read < 300; read++) expect((await timed()).status).toBe(200);
    // Only the checks of the connection reach it, at most one each second.
    const seconds = (performance.now() - began) / 1_000;
    expect(proxy.chunksUp() - sent).toBeLessThanOrEqual(seconds + 2);
    expect((await fallbacks()) - before).toBeGreaterThanOrEqual(300);
    expect((await server.json('/v1/recent')).body.state).toBe('resting');
  } finally {
    proxy.set({}, { now: true });
  }
  await warm();
});

const fallbacks = async (): Promise<number> => (await server.json('/v1/recent')).body.counters.fallbacks;

describe('what Redis holds', () => {
  test('A-08 during writes clear deletes only its own keys, and sync fills the store again', async () => {
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

  test('A-03 each key expires by itself and holds no plain text', async () => {
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

  test('A-09 A-11 what the store did is counted and logged in the activity file', async () => {
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
