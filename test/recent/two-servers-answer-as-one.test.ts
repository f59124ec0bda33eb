import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inventEvents } from '../support/invented-events.ts';
import { createRandom } from '../support/random.ts';
import { runRedis, type RunningRedis } from '../support/run-redis.ts';
import { startSpareDatabase, type SpareDatabase } from '../support/spare-database.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { waitUntil } from '../support/wait-until.ts';

const run = promisify(execFile);
const packKit = fileURLToPath(new URL('../../packages/pack-kit/src/index.ts', import.meta.url));
const cli = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
const config = `
import { definePack } from ${JSON.stringify(packKit)};
const labels = { en: 'Close', es: 'Cerrar', ru: 'Закрыть' };
export default { packs: [definePack({
  name: 'closing',
  actions: { 'card.close': { operation: 'update', labels } },
  attributes: { period: 'string', card: 'string' },
  personal: { open: ['attributes'] },
  recent: { indexes: [['subject'], ['attributes.period'], ['subject', 'attributes.period']], days: 7, entriesMaxPerKey: 90 },
})] };
`;
const random = createRandom(23);
const clients = ['1042', '1043', '1044'];
const dayMs = 86_400_000;
const directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'bitacora-two-')));
let database: SpareDatabase;
let redis: RunningRedis;
let servers: TestServer[];

function closing(at: number | undefined): Record<string, unknown> {
  const [{ id, actor } = { id: '', actor: {} }] = inventEvents(random, 1);
  return {
    ...{ id, actor, action: 'card.close' },
    subject: { type: 'client', id: random.pick(clients) },
    attributes: { period: random.pick(['2026-10', '2026-11']), card: 'inventory' },
    ...(at !== undefined && { occurredAt: new Date(at).toISOString() }),
  };
}

beforeAll(async () => {
  database = await startSpareDatabase();
  redis = await runRedis();
  const environment = {
    BITACORA_DATABASE_URL: database.url(),
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: String(redis.port),
  };
  const [first = '', second = ''] = directories;
  for (const directory of directories) {
    chmodSync(directory, 0o755);
    writeFileSync(join(directory, 'bitacora.config.ts'), config);
  }
  const start = (dataDirectory: string): Promise<TestServer> =>
    startTestServer(
      { ...environment, BITACORA_CONFIG: join(dataDirectory, 'bitacora.config.ts') },
      { dataDirectory },
    );
  const one = await start(first);
  // Servers of one installation have the same keys.
  cpSync(join(first, 'keys'), join(second, 'keys'), { recursive: true });
  servers = [one, await start(second)];
  const now = Date.now();
  // sixty days of history, most of it of the last week
  const history = Array.from({ length: 1_200 }, (_, number) =>
    closing(now - (number % 2 === 0 ? random.int(60 * dayMs) : random.int(6 * dayMs))),
  );
  for (let sent = 0; sent < history.length; sent += 400)
    expect((await one.send(history.slice(sent, sent + 400))).body).toMatchObject({ accepted: 400 });
});
afterAll(async () => {
  for (const server of servers ?? []) await server.dispose();
  await redis?.close();
  await database?.close();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

const idsOf = (body: any): string[] => body.entries.map((entry: { id: string }) => entry.id);

async function command(server: TestServer, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, ['--conditions=bitacora:source', cli, 'recent', ...args], {
    env: { ...process.env, BITACORA_URL: server.url, BITACORA_API_KEY: server.key },
  });
}

test('A-05 A-08 after a sync pages 1 to 3 without filter, of a client, of a period and of both come from recent, from both servers', async () => {
  const [one, two] = servers;
  if (!one || !two) throw new Error('no servers');
  const { stdout, stderr } = await command(one, 'sync', '--ledger', 'default', '--only', 'subject=1042');
  expect(stdout).toMatch(/^1\/1 default: \d+ entries in \d+ ms, 90 of the key$/m);
  expect(stderr).toMatch(/^1 ledgers, \d+ entries, 0 errors$/m);
  const status = JSON.parse((await command(two, 'status', '--json')).stdout);
  expect(status).toMatchObject({ store: 'redis', state: 'asked', days: 7, entriesMaxPerKey: 90 });
  // the second server has not looked yet
  await waitUntil('the second server', async () => (await two.json('/v1/events')).body.source === 'recent');
  const filters = [
    '',
    'subject=1042',
    'q=attributes.period:2026-11',
    'subject=1042&q=attributes.period:2026-11',
  ];
  for (const server of [one, two]) {
    for (const filter of filters) {
      const truth = await server.json(`/v1/events?${filter}&limit=60&order=asc`);
      expect(truth.body.source).toBe('postgres');
      let cursor = '';
      for (let page = 1; page <= 3; page++) {
        const { body } = await server.json(`/v1/events?${filter}&limit=20${cursor}&count=true`);
        expect({
          filter,
          page,
          source: body.source,
          exact: body.exact,
          entries: body.entries.length,
        }).toEqual({
          ...{ filter, page, source: 'recent', exact: true, entries: 20 },
        });
        cursor = `&cursor=${body.next}`;
      }
    }
    const inside = await server.json('/v1/events?from=now-5d&outcome=success&q=inventory&limit=30');
    expect(inside.body.source).toBe('recent');
    const beyond = await server.json('/v1/events?from=now-30d&outcome=success&limit=1000');
    expect(beyond.body.source).toBe('postgres');
  }
});

test('A-02 what a client wrote it sees at once, wherever it asks; all others within a second', async () => {
  const seen: string[] = [];
  for (let round = 0; round < 60; round++) {
    const [writer, other] = random.shuffled(servers);
    if (!writer || !other) throw new Error('no servers');
    const event = closing(undefined);
    expect((await writer.send(event)).status).toBe(201);
    const own = await writer.json('/v1/events?limit=5');
    expect(idsOf(own.body)[0]).toBe(event['id']);
    const subject = (event['subject'] as { id: string }).id;
    const theirs = await other.json(`/v1/events?subject=${subject}&limit=5`);
    expect(idsOf(theirs.body)[0]).toBe(event['id']);
    seen.push(own.body.source, theirs.body.source);
  }
  expect(seen.filter((source) => source === 'recent').length).toBeGreaterThan(60);
});

test('A-08 a clear by one server is one for the other, too', async () => {
  const [one, two] = servers;
  if (!one || !two) throw new Error('no servers');
  const before = idsOf((await two.json('/v1/events?limit=20')).body);
  expect((await command(one, 'clear')).stdout).toMatch(/^default: \d+ keys deleted$/m);
  expect((await two.json('/v1/events?limit=20')).body).toMatchObject({ source: 'postgres' });
  await waitUntil('recent again', async () => (await two.json('/v1/events')).body.source === 'recent');
  expect(idsOf((await two.json('/v1/events?limit=20')).body)).toEqual(before);
});
