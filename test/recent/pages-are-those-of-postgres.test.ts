import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inventEvents } from '../support/invented-events.ts';
import { createRandom } from '../support/random.ts';
import { runRedis, type RunningRedis } from '../support/run-redis.ts';
import {
  createDirectory,
  createTenants,
  type Grant,
  type Ledger,
} from '../../packages/server/src/access/index.ts';
import { createIngest, type Ingest } from '../../packages/server/src/ingest/index.ts';
import { createLedgers } from '../../packages/server/src/ledger/index.ts';
import {
  createActivityLog,
  createRecent,
  createRecentPages,
  dayMs,
  type Recent,
} from '../../packages/server/src/recent/index.ts';
import { createPostings } from '../../packages/server/src/projections/index.ts';
import {
  connectRedis,
  createMemoryKeys,
  openDataDirectory,
  openStorage,
  type KeyStore,
  type Storage,
} from '../../packages/server/src/storage/index.ts';
import type { ReadContext } from '../../packages/server/src/read/reader.ts';
import { createRecentSource } from '../../packages/server/src/recent/database-source.ts';
import { search, type SearchInput } from '../../packages/server/src/read/search.ts';

const path = mkdtempSync(join(tmpdir(), 'bitacora-recent-'));
const random = createRandom(7);
const clients = Array.from({ length: 12 }, (_, number) => `client-${number}`);
const periods = ['2026-08', '2026-09', '2026-10', '2026-11'];
let storage: Storage;
let redis: RunningRedis;
let plain: ReadContext;
let grant: Grant;
let ledgers: Ledger[];
let ingest: Ingest;
let secret: Buffer;
const tenantNames = ['ours', 'theirs'];
let theirs: Grant;

beforeAll(async () => {
  chmodSync(path, 0o755);
  const directory = openDataDirectory(path);
  storage = await openStorage({ databaseUrl: undefined, directory, onError: () => undefined });
  const { database } = storage;
  const tenants = createTenants({ database, origin: 'test', clock: Date.now });
  const limits = { entriesMax: 700, ageMaxMs: dayMs };
  const written = createLedgers({ database, directory, segmentLimits: limits });
  ingest = createIngest({
    ledgers: written,
    directory: createDirectory(database),
    packs: [],
    clock: Date.now,
  });
  const postings = createPostings({ database, ledgers: written, cacheBytesMax: 64 * 1024 * 1024 });
  plain = { database, ledgers: written, postings, pageSources: [], zone: 'UTC', clock: Date.now };
  const grants: Grant[] = [];
  for (const name of tenantNames) {
    const tenant = await tenants.create(name);
    if (name === 'ours') await tenants.createLedger(tenant, 'second');
    grants.push({
      caller: { kind: 'key', id: 'k', name: 'k', roles: [] },
      tenant,
      permissions: new Set(['read']),
      reach: { kind: 'all' },
      grantable: new Set(),
      ledgers: await tenants.ledgers(tenant.id),
      ledgerNames: null,
    });
  }
  const [first, second] = grants;
  if (!first || !second) throw new Error('no grants');
  [grant, theirs] = [first, second];
  ledgers = first.ledgers.filter(({ name }) => !name.endsWith('.audit'));
  secret = directory.secret('master');
  redis = await runRedis();
});
afterAll(async () => {
  await redis.close();
  await storage.close();
  rmSync(path, { recursive: true, force: true });
});

const listed = (list: readonly Ledger[]): Ledger => {
  const [first] = list;
  if (!first) throw new Error('no ledger');
  return first;
};
const firstLedger = (): Ledger => listed(ledgers);
const otherLedger = (): Ledger => listed(theirs.ledgers);

async function append(ledger: Ledger, count: number): Promise<void> {
  const now = Date.now();
  const events = inventEvents(random, count).map((event) => ({
    ...event,
    // Most entries are of today, some are late, some are too old to be held.
    occurredAt: new Date(
      now - random.pick([0, 0, random.int(3_600_000), random.int(dayMs * 6), random.int(dayMs * 12)]),
    ).toISOString(),
    subject: { type: 'client', id: random.pick(clients), name: 'Somebody' },
    attributes: { ...event.attributes, period: random.pick(periods) },
  }));
  const answer = await ingest.ingest(
    events.map((value) => ({ ok: true as const, value, source: JSON.stringify(value) })),
    { tenant: ledger.tenant, defaultLedger: ledger, ledgerOf: () => ledger },
  );
  expect(answer).toMatchObject({ accepted: count, rejected: 0 });
}

/** The state of another process: nothing in memory, and the same store. */
function openRecent(store: KeyStore, clock = Date.now): { context: ReadContext; recent: Recent } {
  const source = createRecentSource(plain);
  const recent = createRecent({
    store,
    source,
    secret,
    installation: createHash('sha256').update(secret).digest('hex').slice(0, 12),
    settings: {
      indexes: [['subject'], ['attributes.period'], ['subject', 'attributes.period']],
      days: 7,
      entriesMaxPerKey: 60,
      entriesMaxPerLedger: 400,
    },
    activity: createActivityLog(join(path, 'logs', 'redis_activity.log'), Date.now),
    clock: Date.now,
  });
  const pages = createRecentPages({ recent, source, clock });
  return { context: { ...plain, pageSources: [pages] }, recent };
}

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

function anyFilter(): SearchInput {
  const fields: Record<string, string> = {};
  const chance = random.next();
  if (chance > 0.25) fields['subject'] = random.pick([...clients, 'nobody']);
  if (chance > 0.5) fields['attributes.period'] = random.pick(periods);
  if (chance > 0.4 && chance < 0.5) delete fields['subject'];
  if (random.chance(0.15)) fields['action'] = random.pick(['invoice.create', 'session.*']);
  const from = random.chance(0.3) ? ago(random.int(8 * dayMs)) : undefined;
  if (from !== undefined && random.chance(0.5)) fields['outcome'] = random.pick(['failure', 'success']);
  const q =
    from !== undefined && random.chance(0.3)
      ? random.pick(['wire', '"wire transfer"', 'level:>=high'])
      : undefined;
  const ledger = random.pick(['', 'ours', 'second']);
  const to = random.chance(0.1) ? ago(random.int(4 * dayMs)) : undefined;
  return { fields, ...(from && { from }), ...(q && { q }), ...(to && { to }), ...(ledger && { ledger }) };
}

const truthMax = 110;
/** The pages of one filter, by number. */
const numberedPages = 37;

/** Reads the pages of one filter from recent: forwards, by number and backwards. Each must equal PostgreSQL's page. */
async function comparePages(
  context: ReadContext,
  numbered = numberedPages,
): Promise<{ pages: number; recent: number }> {
  const filter = anyFilter();
  const truth = await search(grant, { ...filter, limit: truthMax, count: true }, plain);
  const ids = truth.entries.map(({ id }) => id);
  const seen = { pages: 0, recent: 0 };
  const compare = async (
    input: SearchInput,
    start: number,
  ): Promise<{ next: string | null; previous: string | null }> => {
    const limit = input.limit ?? 50;
    const answer = await search(grant, input, context);
    const expected = {
      filter,
      ids: ids.slice(start, start + limit),
      more: start + limit < (truth.count ?? 0),
      ...(input.count ? { count: truth.count } : {}),
    };
    const found = {
      filter,
      ids: answer.entries.map(({ id }) => id),
      more: answer.next !== null,
      ...(input.count ? { count: answer.count } : {}),
    };
    expect(found, answer.source).toEqual(expected);
    if (answer.source === 'recent' && seen.pages === 0)
      expect(answer.entries.map(({ event }) => event)).toEqual(
        truth.entries.slice(start, start + limit).map(({ event }) => event),
      );
    seen.pages++;
    if (answer.source === 'recent') seen.recent++;
    return answer;
  };
  const limit = random.pick([1, 2, 5, 10, 20]);
  let start = 0;
  let page = await compare({ ...filter, limit, count: random.chance(0.1) }, 0);
  for (let number = 0; number < 5 && page.next !== null && start + 2 * limit < truthMax; number++) {
    start += limit;
    page = await compare({ ...filter, limit, cursor: page.next }, start);
  }
  if (page.previous !== null && start >= limit) {
    const back = await search(grant, { ...filter, limit, cursor: page.previous }, context);
    expect(back.entries.map(({ id }) => id)).toEqual(ids.slice(start - limit, start));
    seen.pages++;
    if (back.source === 'recent') seen.recent++;
  }
  for (let number = 0; number < numbered; number++) {
    const offset = random.int(random.pick([10, 30, 90]));
    await compare({ ...filter, limit: random.pick([1, 2, 10]), offset }, offset);
  }
  return seen;
}

async function compareMany(
  context: ReadContext,
  { filters, numbered }: { filters: number; numbered?: number },
): Promise<{ pages: number; recent: number }> {
  const total = { pages: 0, recent: 0 };
  for (let done = 0; done < filters; done += 4) {
    const some = await Promise.all(Array.from({ length: 4 }, () => comparePages(context, numbered)));
    for (const { pages, recent } of some) {
      total.pages += pages;
      total.recent += recent;
    }
  }
  return total;
}

const oneOfTwo = (names: readonly string[]): string[] => names.filter(() => random.chance(0.5));

describe('with Redis', () => {
  const connect = (): Promise<KeyStore> =>
    connectRedis({ url: redis.url, database: 1, onConnected: () => undefined, onError: () => undefined });
  const fill = async (recent: Recent): Promise<void> => {
    // The driver connects in the background.
    await expect.poll(() => recent.sync(firstLedger(), {}).catch(() => -1)).toBeGreaterThan(0);
    for (const ledger of ledgers) await recent.sync(ledger, {});
  };

  test('A-05 A-06 F12 10,000 pages are those of PostgreSQL through writes, flushes, evictions, lost keys and restarts', async () => {
    for (const ledger of ledgers) await append(ledger, 300);
    let opened = openRecent(await connect());
    await fill(opened.recent);
    const total = { pages: 0, recent: 0 };
    const rounds = 32;
    for (let round = 0; round < rounds; round++) {
      const ledger = random.pick(ledgers);
      await append(ledger, 1 + random.int(random.pick([3, 40])));
      if (random.chance(0.5)) opened.recent.appended(ledger, 1);
      const chance = round % 8;
      if (chance === 1) await redis.client().run('FLUSHALL');
      if (chance === 2) {
        const names = oneOfTwo(await redis.client().names('bitacora:recent:*'));
        if (names.length > 0) await redis.client().run('DEL', ...names);
      }
      if (chance === 3) {
        await redis.client().run('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random');
        await redis.client().run('CONFIG', 'SET', 'maxmemory', '1100kb');
      }
      if (chance === 4) await redis.client().run('CONFIG', 'SET', 'maxmemory', '0');
      if (chance === 5) {
        await opened.recent.close();
        opened = openRecent(await connect());
        await expect.poll(() => opened.recent.status(ledger).then(({ keys }) => keys)).not.toBeNull();
      }
      if (chance === 6) await opened.recent.clear(ledger).catch(() => undefined);
      if (chance === 7) {
        await redis.kill();
        await redis.restart();
      }
      const seen = await compareMany(opened.context, { filters: 8 });
      total.pages += seen.pages;
      total.recent += seen.recent;
    }
    await opened.recent.close();
    expect(total.pages).toBeGreaterThan(10_000);
    // About half of the pages come from recent; fewer when the machine is so busy that Redis counts as slow.
    expect(total.recent / total.pages).toBeGreaterThan(0.2);
  });

  test('F13 1,000 values that are stale, damaged, forged or of another tenant are never shown', async () => {
    await append(otherLedger(), 100);
    let opened = openRecent(await connect());
    await fill(opened.recent);
    await opened.recent.sync(otherLedger(), {});
    const client = redis.client();
    let poisoned = 0;
    let stale = new Map<string, Buffer>();
    for (let round = 0; poisoned < 1_000; round++) {
      await append(random.pick(ledgers), 30);
      await opened.recent.close();
      opened = openRecent(await connect());
      await fill(opened.recent);
      const names = await client.names('bitacora:recent:*');
      const values = new Map<string, Buffer>();
      for (const name of names) {
        const value = await client.run('GET', name);
        if (Buffer.isBuffer(value)) values.set(name, value);
      }
      const all = [...values.values()];
      for (const name of round % 2 === 0 ? names : oneOfTwo(names)) {
        const own = values.get(name) ?? Buffer.alloc(0);
        const flipped = Buffer.from(own);
        const place = random.int(flipped.length);
        flipped[place] = (flipped[place] ?? 0) ^ (1 << random.int(8));
        const poison = random.pick([
          flipped,
          own.subarray(0, random.int(own.length)),
          random.pick(all),
          stale.get(name) ?? random.pick([...stale.values(), flipped]),
          Buffer.from('{"upTo":1000000}'),
          Buffer.alloc(0),
        ]);
        if (poison.equals(own)) continue;
        await client.run('SET', name, poison);
        poisoned++;
      }
      if (round % 3 === 0) stale = values;
      await opened.recent.close();
      // Another process, which has read nothing yet.
      opened = openRecent(await connect());
      await expect.poll(() => opened.recent.status(firstLedger()).then(({ keys }) => keys)).not.toBeNull();
      await compareMany(opened.context, { filters: 4, numbered: 10 });
    }
    await opened.recent.close();
  });
});

test('A-03 A-05 without Redis 1,000 pages are those of PostgreSQL, and older entries leave every list', async () => {
  let now = Date.now;
  const keys = createMemoryKeys({ clock: Date.now, bytesMax: 8 * 1024 * 1024 });
  const { context, recent } = openRecent(keys, () => now());
  for (const ledger of ledgers) await append(ledger, 200);
  for (const ledger of ledgers) await recent.sync(ledger, {});
  const total = { pages: 0, recent: 0 };
  for (let round = 0; round < 8; round++) {
    await append(random.pick(ledgers), 1 + random.int(20));
    if (round === 4) await recent.clear(random.pick(ledgers));
    const seen = await compareMany(context, { filters: 4 });
    total.pages += seen.pages;
    total.recent += seen.recent;
  }
  expect(total.pages).toBeGreaterThan(1_000);
  expect(total.recent / total.pages).toBeGreaterThan(0.3);
  // Eight days later all entries are too old.
  now = () => Date.now() + 8 * dayMs;
  for (const subject of clients) {
    const { source } = await search(grant, { fields: { subject }, limit: 5 }, { ...context, clock: now });
    expect(source).toBe('postgres');
  }
  await recent.close();
  const lines = readFileSync(join(path, 'logs', 'redis_activity.log'), 'utf8');
  expect(lines).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z INFO ledger ours: filled with/m);
});
