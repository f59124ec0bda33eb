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
import { runPostgres, type PostgresCluster } from '../support/run-postgres.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { writtenEntries } from '../support/written-entries.ts';

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
const questions = process.env['BITACORA_FAULTS'] === 'full' ? 10_000 : 2_000;
const directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'bitacora-two-')));
let database: PostgresCluster;
let redis: RunningRedis;
let servers: TestServer[];

const written = writtenEntries();
const periods = ['2026-10', '2026-11'];

interface Closing {
  event: Record<string, unknown> & { id: string };
  subject: string;
  answered(): void;
}

/** An event of a client, which from now on counts as sent. */
function closing(at: number, subject = random.pick(clients)): Closing {
  const [{ id, actor } = { id: '', actor: {} }] = inventEvents(random, 1);
  const period = random.pick(periods);
  const time = written.freeTime(Math.floor(at));
  const event = {
    id,
    actor,
    action: 'card.close',
    occurredAt: new Date(time).toISOString(),
    subject: { type: 'client', id: subject },
    attributes: { period, card: 'inventory' },
  };
  return { event, subject, ...written.sent({ id, at: time, fields: { subject, period } }) };
}

async function send(server: TestServer, closings: readonly Closing[]): Promise<void> {
  const { body } = await server.send(closings.map(({ event }) => event));
  expect(body).toMatchObject({ accepted: closings.length, rejected: 0 });
  for (const { answered } of closings) answered();
}

beforeAll(async () => {
  [database, redis] = await Promise.all([runPostgres(), runRedis()]);
  const environment = {
    BITACORA_DATABASE_URL: database.url,
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
  const serverA = await start(first);
  // The servers of an installation have the same keys.
  cpSync(join(first, 'keys'), join(second, 'keys'), { recursive: true });
  servers = [serverA, await start(second)];
  const now = Date.now();
  // The history has sixty days, and most entries are of the last week.
  const history = Array.from({ length: 1_200 }, (_, number) =>
    closing(now - (number % 2 === 0 ? random.int(60 * dayMs) : random.int(6 * dayMs))),
  );
  for (let sent = 0; sent < history.length; sent += 400) await send(serverA, history.slice(sent, sent + 400));
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
  const [serverA, serverB] = servers;
  if (!serverA || !serverB) throw new Error('no servers');
  const { stdout, stderr } = await command(serverA, 'sync', '--ledger', 'default', '--only', 'subject=1042');
  expect(stdout).toMatch(/^1\/1 default: \d+ entries in \d+ ms, 90 of the key$/m);
  expect(stderr).toMatch(/^1 ledgers, \d+ entries, 0 errors$/m);
  const status = JSON.parse((await command(serverB, 'status', '--json')).stdout);
  expect(status).toMatchObject({ store: 'redis', state: 'asked', days: 7, entriesMaxPerKey: 90 });
  // The second server has not read the store yet.
  await waitUntil(
    'the second server',
    async () => (await serverB.json('/v1/events')).body.source === 'recent',
  );
  const filters = [
    '',
    'subject=1042',
    'q=attributes.period:2026-11',
    'subject=1042&q=attributes.period:2026-11',
  ];
  for (const server of [serverA, serverB]) {
    for (const filter of filters) {
      const truth = await server.json(`/v1/events?${filter}&limit=60&order=asc`);
      expect(truth.body.source).toBe('postgres');
      let cursor = '';
      for (let page = 1; page <= 3; page++) {
        // Asks again, because Redis may be slow for a moment.
        const body = await waitUntil(`page ${page} of ${filter} from recent`, async () => {
          const answer = await server.json(`/v1/events?${filter}&limit=20${cursor}&count=true`);
          expect(answer.body.entries).toHaveLength(20);
          return answer.body.source === 'recent' && answer.body;
        });
        expect(body.exact).toBe(true);
        cursor = `&cursor=${body.next}`;
      }
    }
    const inside = '/v1/events?from=now-5d&outcome=success&q=inventory&limit=30';
    await waitUntil('recent', async () => (await server.json(inside)).body.source === 'recent');
    const beyond = await server.json('/v1/events?from=now-30d&outcome=success&limit=1000');
    expect(beyond.body.source).toBe('postgres');
  }
});

/** Asks a question, each page from a random server, and checks the answers. Returns the sources of the pages. */
async function ask(subject: string): Promise<string[]> {
  const own = random.chance(0.6);
  const period = random.chance(0.4) ? random.pick(periods) : undefined;
  const from = random.chance(0.2) ? Date.now() - random.int(8 * dayMs) : undefined;
  const filters = { ...(own && { subject }), ...(period !== undefined && { period }) };
  const limit = random.pick([1, 3, 10, 20]);
  const query = new URLSearchParams({ limit: String(limit) });
  if (own) query.set('subject', subject);
  if (period !== undefined) query.set('q', `attributes.period:${period}`);
  if (from !== undefined) query.set('from', new Date(from).toISOString());
  const counted = random.chance(0.1);
  if (counted) query.set('count', 'true');
  const sources: string[] = [];
  let after: number | undefined;
  for (let page = 1; page <= 3; page++) {
    const asked = written.moment();
    const { status, body } = await random.pick(servers).json(`/v1/events?${query.toString()}`);
    const question = { filters, limit, asked, answered: written.moment(), after, from };
    expect(status, JSON.stringify(body)).toBe(200);
    const found = idsOf(body);
    expect({ question, page, found }).toEqual({ question, page, found: written.expected(question, found) });
    if (counted) {
      const { least, most } = written.counts(question);
      expect(body.count).toBeGreaterThanOrEqual(least);
      expect(body.count).toBeLessThanOrEqual(most);
    }
    sources.push(body.source);
    if (body.next === null || random.chance(0.5)) break;
    // The next page is also asked from a random server.
    query.set('cursor', body.next);
    after = Date.parse(body.entries.at(-1).event.occurredAt);
  }
  return sources;
}

test(`A-02 A-05 F-10 ${questions} questions between writes: an acknowledged entry is at once in every answer of both servers`, async () => {
  const sources: string[] = [];
  // Many pages must come from recent, or the test would show nothing. On a slow machine more questions are asked.
  const recentLeast = questions / 5;
  const fromRecent = (): number => sources.filter((source) => source === 'recent').length;
  let sent = 0;
  await Promise.all(
    Array.from({ length: 6 }, async (_, number) => {
      const subject = `writer-${number}`;
      while (sources.length < questions || (fromRecent() < recentLeast && sources.length < 5 * questions)) {
        if (random.chance(0.08)) {
          const now = Date.now();
          const closings = Array.from({ length: 1 + random.int(3) }, () =>
            closing(now - random.pick([0, 0, 0, random.int(dayMs), random.int(10 * dayMs)]), subject),
          );
          sent += closings.length;
          await send(random.pick(servers), closings);
        }
        sources.push(...(await ask(subject)));
      }
    }),
  );
  expect(sent).toBeGreaterThan(questions / 20);
  expect(fromRecent()).toBeGreaterThanOrEqual(recentLeast);
});

test('A-08 a clear by one server also clears the other', async () => {
  const [serverA, serverB] = servers;
  if (!serverA || !serverB) throw new Error('no servers');
  const before = idsOf((await serverB.json('/v1/events?limit=20')).body);
  expect((await command(serverA, 'clear')).stdout).toMatch(/^default: \d+ keys deleted$/m);
  expect((await serverB.json('/v1/events?limit=20')).body).toMatchObject({ source: 'postgres' });
  await waitUntil('recent again', async () => (await serverB.json('/v1/events')).body.source === 'recent');
  expect(idsOf((await serverB.json('/v1/events?limit=20')).body)).toEqual(before);
});
