import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTenants, type Ledger } from '../access/index.ts';
import { openDataDirectory, openStorage, type Storage } from '../storage/index.ts';
import { follow, rebuild } from './follow.ts';
import type { Projection } from './projection.ts';

const path = mkdtempSync(join(tmpdir(), 'bitacora-follow-'));
let storage: Storage;
let ledger: Ledger;

beforeAll(async () => {
  chmodSync(path, 0o755);
  const directory = openDataDirectory(path);
  storage = await openStorage({ databaseUrl: undefined, directory, onError: () => undefined });
  const tenants = createTenants({ database: storage.database, origin: 'test', clock: Date.now });
  const tenant = await tenants.create('follow');
  const [first] = await tenants.ledgers(tenant.id);
  if (!first) throw new Error('no ledger');
  ledger = first;
});
afterAll(async () => {
  await storage.close();
  rmSync(path, { recursive: true, force: true });
});

const scope = () => ({ tenant: ledger.tenant, ledgers: [ledger.id] });
const grow = (size: number) =>
  storage.database.write(scope(), (client) =>
    client.query('update head set size = $2 where ledger = $1', [ledger.id, size]),
  );

/** Counts entries into a rollup row, ten at a time; `pause` is awaited before each write. */
function counting(name: string, pause: () => Promise<void> = () => Promise.resolve()): Projection {
  return {
    name,
    next: (cursor, size) => Math.min(size, cursor + 10),
    prepare: pause,
    async project(client, { id }, { first, end }) {
      await client.query(
        `insert into rollup (ledger, bucket, field, value, outcome, count) values ($1, '-infinity', $2, '', '', $3)
         on conflict (ledger, field, bucket, value, outcome) do update set count = rollup.count + excluded.count`,
        [id, name, end - first],
      );
    },
    reset: async (client, { id }) =>
      void (await client.query('delete from rollup where ledger = $1 and field = $2', [id, name])),
  };
}

const counted = (name: string) =>
  storage.database.read(scope(), async (client) => {
    const found = await client.query<{ count: number }>('select count from rollup where field = $1', [name]);
    return found.rows[0]?.count ?? 0;
  });

test('a follower continues where it stopped and counts each entry once', async () => {
  const options = { database: storage.database, projection: counting('once'), holder: 'a' };
  for (const size of [7, 25, 25, 61]) {
    await grow(size);
    expect(await follow(ledger, options)).toBe(size);
    expect(await counted('once')).toBe(size);
  }
});

test('another process waits for the lease, takes it when it runs out, and the paused holder then writes nothing', async () => {
  await grow(61);
  let release = (): void => undefined;
  let reached = (): void => undefined;
  const paused = new Promise<void>((resolve) => (reached = resolve));
  let calls = 0;
  const stops = counting('fenced', async () => {
    if (++calls < 3) return;
    reached();
    await new Promise<void>((resolve) => (release = resolve));
  });
  const first = follow(ledger, { database: storage.database, projection: stops, holder: 'a' });
  await paused;
  const second = { database: storage.database, projection: counting('fenced'), holder: 'b' };
  expect(await follow(ledger, second)).toBeUndefined();
  // This has the effect of a holder that was suspended for longer than its lease.
  await storage.database.write(scope(), (client) =>
    client.query("update projection set held_until = now() - interval '1 second' where name = 'fenced'"),
  );
  expect(await follow(ledger, second)).toBe(61);
  release();
  expect(await first).toBeUndefined();
  expect(await counted('fenced')).toBe(61);
});

test('a projection that is rebuilt counts from the beginning', async () => {
  const options = { database: storage.database, projection: counting('again'), holder: 'a' };
  await follow(ledger, options);
  await rebuild(ledger, options);
  expect(await counted('again')).toBe(0);
  expect(await follow(ledger, options)).toBe(61);
  expect(await counted('again')).toBe(61);
});
