import { createSecretKey, type KeyObject } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createAdopter, type AdoptedSpool } from './adopt-spools.ts';
import { createSpool, type Spool } from './spool.ts';
import { hasOwner } from './spool-owner.ts';

const root = mkdtempSync(join(tmpdir(), 'bitacora-spool-test-'));
afterAll(() => rmSync(root, { recursive: true }));

const instance = 'AAAAAAAAAAAAAAAAAAAAAA';
const other = 'BBBBBBBBBBBBBBBBBBBBBB';
const ownHost = hostname();

function spoolIn(directory: string, { takenOver = [], key }: SpoolIn = {}): Spool {
  return createSpool({
    directory,
    bytesMax: 1e6,
    segmentBytesMax: 1e5,
    instance,
    tenant: 'north',
    key,
    onAppended: () => undefined,
    onDamaged: () => undefined,
    onTakenOver: (events) => takenOver.push(events),
  });
}

interface SpoolIn {
  takenOver?: number[];
  key?: KeyObject | undefined;
}

const append = (spool: Spool, sequence: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const id = `${sequence}`.padStart(36, '0');
    spool.append({ id, sequence, json: `{"id":"${id}"}` }, (error) => (error ? reject(error) : resolve()));
  });

/** The spools that have no owner. */
async function adopt(
  directory: string,
  { key, locked = [] }: { key?: KeyObject | undefined; locked?: string[] } = {},
): Promise<readonly AdoptedSpool[]> {
  const found: AdoptedSpool[] = [];
  const adopter = createAdopter({
    directory,
    instance: other,
    key,
    onAdopted: (adopted) => found.push(adopted),
    onDamaged: () => undefined,
    onLocked: (path) => locked.push(path),
    onFailed: (cause) => expect.unreachable(String(cause)),
  });
  await adopter.look();
  await adopter.look();
  adopter.stop();
  return found;
}

async function sequencesIn({ store }: AdoptedSpool): Promise<readonly number[]> {
  const page = await store.page({ eventsMax: 100, bytesMax: 1e6 });
  return page?.frames.map(({ sequence }) => sequence) ?? [];
}

test('the spool of a living owner is left alone, and a closed spool that still has events is adopted with its tenant', async () => {
  const directory = join(root, 'closed');
  const spool = spoolIn(directory);
  await Promise.all([append(spool, 1), append(spool, 2)]);
  expect(await adopt(directory)).toEqual([]);
  spool.close({ state: 'closed' });
  const [adopted] = await adopt(directory);
  expect(adopted?.sub).toMatchObject({ instance, tenant: 'north' });
  expect(adopted && (await sequencesIn(adopted))).toEqual([1, 2]);
  // Now it has an owner again.
  expect(await adopt(directory)).toEqual([]);
});

test('an owner that was suspended confirms nothing in a spool that another process has taken over', async () => {
  const directory = join(root, 'asleep');
  const takenOver: number[] = [];
  const spool = spoolIn(directory, { takenOver });
  await append(spool, 1);
  const owner = join(directory, instance, 'owner');
  const longAgo = new Date(Date.now() - 3_600_000);
  utimesSync(owner, longAgo, longAgo);
  const [adopted] = await adopt(directory);
  expect(adopted && (await sequencesIn(adopted))).toEqual([1]);
  await append(spool, 2);
  expect(takenOver).toEqual([1]);
  expect(spool.store.length()).toBe(1);
  expect(readdirSync(directory).toSorted((a, b) => a.localeCompare(b))).toEqual([
    instance,
    `${instance}.${other}`,
  ]);
  const page = await spool.store.page({ eventsMax: 10, bytesMax: 1e6 });
  expect(page?.frames.map(({ sequence }) => sequence)).toEqual([2]);
  spool.close(undefined);
});

test('a process with the pid of an earlier owner is not the owner', () => {
  const directory = join(root, 'pid');
  mkdirSync(directory);
  const write = (startedAt: string): void =>
    writeFileSync(join(directory, 'owner'), JSON.stringify({ pid: process.pid, startedAt, host: ownHost }));
  write('');
  expect(hasOwner(directory)).toBe(true);
  write('1');
  // Only Linux shows when a process started.
  expect(hasOwner(directory)).toBe(process.platform !== 'linux');
});

test('files that a killed process had not finished are removed', async () => {
  const directory = join(root, 'begun');
  mkdirSync(join(directory, `.${instance}`), { recursive: true });
  writeFileSync(
    join(directory, `.${instance}`, 'owner'),
    JSON.stringify({ pid: 2 ** 30, startedAt: '1', host: ownHost }),
  );
  await adopt(directory);
  expect(readdirSync(directory)).toEqual([]);
});

const [right, wrong] = [1, 2].map((n) => createSecretKey(Buffer.alloc(32, n)));

test('SDK-16 an encrypted spool is adopted only with its key; without it or with another key it stays as it is', async () => {
  const directory = join(root, 'encrypted');
  const spool = spoolIn(directory, { key: right });
  await Promise.all([append(spool, 1), append(spool, 2)]);
  spool.close(undefined);
  const before = filesIn(directory);
  for (const key of [undefined, wrong]) {
    const locked: string[] = [];
    expect(await adopt(directory, { key, locked })).toEqual([]);
    expect(locked).toEqual([join(directory, instance)]);
    expect(filesIn(directory)).toEqual(before);
  }
  const locked: string[] = [];
  const [adopted] = await adopt(directory, { key: right, locked });
  expect(adopted?.sub).toMatchObject({ instance, tenant: 'north' });
  expect(adopted && (await sequencesIn(adopted))).toEqual([1, 2]);
  expect(locked).toEqual([]);
});

test('SDK-16 with a key, events that an earlier start left unencrypted are read as well', async () => {
  const directory = join(root, 'clear');
  const spool = spoolIn(directory);
  await append(spool, 1);
  spool.close(undefined);
  const [adopted] = await adopt(directory, { key: right });
  expect(adopted?.sub.tenant).toBe('north');
  expect(adopted && (await sequencesIn(adopted))).toEqual([1]);
});

test('SDK-16 an encrypted spool whose key cannot be checked any more is not read as unencrypted', async () => {
  const directory = join(root, 'torn');
  const spool = spoolIn(directory, { key: right });
  await append(spool, 1);
  spool.close(undefined);
  const path = join(directory, instance, 'tenant.encrypted');
  const whole = readFileSync(path);
  for (const torn of [whole.subarray(0, 20), Buffer.alloc(0)]) {
    writeFileSync(path, torn);
    const locked: string[] = [];
    expect(await adopt(directory, { key: right, locked })).toEqual([]);
    expect(locked).toHaveLength(1);
  }
  writeFileSync(path, whole);
  expect(await adopt(directory, { key: right })).toHaveLength(1);
});

test('SDK-16 each file has its own salt, also a file that is written while the process ends', async () => {
  const directory = join(root, 'salts');
  const spool = spoolIn(directory, { key: right });
  await append(spool, 1);
  const json = '{"id":"at the end"}';
  expect(spool.appendNow([{ id: 'at the end', sequence: 2, json }])).toBe(1);
  const salts = Object.values(filesIn(directory, '.segment')).map((bytes) => bytes.toString('hex', 18, 34));
  expect(new Set(salts).size).toBe(2);
  spool.close(undefined);
  const [adopted] = await adopt(directory, { key: right });
  expect(adopted?.store.length()).toBe(2);
});

/** The content of each file. */
function filesIn(directory: string, suffix = ''): Record<string, Buffer> {
  const found = readdirSync(directory, { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    paths.filter((path) => path.endsWith(suffix)).map((path) => [path, readFileSync(path)]),
  );
}
