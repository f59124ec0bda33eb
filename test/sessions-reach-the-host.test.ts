import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { watchSessions, type ClosedSession, type SessionWatch } from '@bitacora/sdk/sessions';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startExampleHost } from './support/example-host.ts';
import { startWithPack } from './support/start-with-pack.ts';
import type { TestServer } from './support/test-server.ts';

const secret = randomBytes(32).toString('base64url');
const folder = mkdtempSync(join(tmpdir(), 'bitacora-sessions-'));
const watches: SessionWatch[] = [];
let server: TestServer;
let opened = 0;

beforeAll(async () => {
  server = await startWithPack({ folder: 'condominium', exported: 'condominium' });
  await server.json('/v1/viewer-keys/condominium', {
    method: 'PUT',
    body: JSON.stringify({ issuer: 'condominium', algorithm: 'HS256', key: secret }),
  });
}, 60_000);
afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.close()));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server?.dispose();
});

/** Sessions that are open, by their ids. */
async function open(count: number): Promise<string[]> {
  const logins = Array.from({ length: count }, () => ({
    ...{ action: 'session.start', actor: { id: `u${opened}` }, sessionId: `s-${opened++}` },
  }));
  return (await server.send(logins)).body.results.map(({ id }: { id: string }) => id);
}

/** As if the seconds were over after which another server takes the place of one that was killed. */
async function endLeases(): Promise<void> {
  const database = new pg.Client(server.superuserUrl());
  await database.connect();
  await database.query('update bitacora.projection set held_until = null');
  await database.end();
}

const close = async (id: string): Promise<void> => {
  const { status } = await server.json(`/v1/sessions/${id}/close`, { method: 'POST' });
  expect(status).toBe(200);
};

function watch(onClosed: (session: ClosedSession) => unknown, more: object = {}): SessionWatch {
  const options = { url: server.url, key: server.key, everyMs: 50, retryWaitMaxMs: 100, onClosed, ...more };
  const made = watchSessions(options);
  watches.push(made);
  return made;
}

/** A watch that keeps no position begins with what is closed after its first question: until it is at work. */
async function atWork(told: readonly unknown[]): Promise<void> {
  const oneMore = async (): Promise<number> => {
    await close((await open(1))[0] ?? '');
    return told.length;
  };
  await expect.poll(oneMore, { timeout: 20_000 }).toBeGreaterThan(0);
}

async function onceThere(told: string[], wanted: string[]): Promise<void> {
  await expect.poll(() => told, { timeout: 30_000 }).toEqual(wanted);
}

test('C-06 a host that asks is told of every closing in order, and by the next process where the last one stopped', async () => {
  const cursor = join(folder, 'cursor');
  const ids = await open(6);
  const told: string[] = [];
  const first = watch(({ id }) => void told.push(id), { cursor });
  await close(ids[2] ?? '');
  await close(ids[0] ?? '');
  await onceThere(told, [ids[2] ?? '', ids[0] ?? '']);
  await first.close();
  expect(statSync(cursor).mode & 0o777).toBe(0o600);
  await close(ids[1] ?? '');
  await server.send({ action: 'session.logout', actor: { id: 'u3' }, sessionId: 's-3' });
  expect(told).toHaveLength(2);

  const rest: ClosedSession[] = [];
  watch((session) => void rest.push(session), { cursor });
  await expect.poll(() => rest.length, { timeout: 30_000 }).toBe(2);
  expect(rest).toMatchObject([
    { id: ids[1], actor: { id: 'u1' }, closeReason: 'administrator', sessionId: expect.any(String) },
    { id: ids[3], actor: { id: 'u3' }, closeReason: 'logout' },
  ]);
  // Without a kept position the host is not told what was before.
  const fresh: string[] = [];
  watch(({ id }) => void fresh.push(id));
  await atWork(fresh);
  expect(fresh).not.toContain(ids[1]);
});

test('C-06 an outage of the server, a host that fails and one that is slow lose no closing and no order', async () => {
  const ids = await open(5);
  const [told, errors]: [string[], string[]] = [[], []];
  let failures = 3;
  watch(
    async ({ id }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (!ids.includes(id)) return;
      if (id === ids[1] && failures-- > 0) throw new Error('the session store is away');
      told.push(id);
    },
    { cursor: join(folder, 'outage'), onError: (error: Error) => errors.push(error.message) },
  );
  await close(ids[0] ?? '');
  await onceThere(told, ids.slice(0, 1));
  const port = new URL(server.url).port;
  await close(ids[1] ?? '');
  await close(ids[2] ?? '');
  await server.kill();
  await expect.poll(() => errors.length).toBeGreaterThan(2);
  await server.restart({ BITACORA_PORT: port });
  await endLeases();
  for (const id of ids.slice(3)) await close(id);
  await onceThere(told, ids);
  expect(errors.some((text) => text.startsWith('onClosed failed for'))).toBe(true);
}, 60_000);

test('C-06 a session that the host can never end is told and given up, and holds up none behind it', async () => {
  const ids = await open(2);
  const [told, errors]: [string[], Error[]] = [[], []];
  watch(
    ({ id }) => {
      if (id === ids[0]) throw new Error('never');
      told.push(id);
    },
    { attemptsMax: 3, onError: (error: Error) => errors.push(error) },
  );
  await atWork(told);
  for (const id of ids) await close(id);
  await expect.poll(() => told.at(-1)).toBe(ids[1]);
  expect(errors.map(({ message }) => message)).toEqual([
    ...Array(2).fill(`onClosed failed for ${ids[0]}`),
    `onClosed failed for ${ids[0]}, 3 times: it was given up`,
  ]);
});

test('a watch keeps no process alive, refuses options that cannot work, and throws nothing when nobody answers', async () => {
  const script = `import { watchSessions } from '@bitacora/sdk/sessions';
watchSessions({ url: 'http://127.0.0.1:9', key: 'k', everyMs: 10, onClosed() {}, onError() { throw new Error('lost'); } });
await new Promise((resolve) => setTimeout(resolve, 300));
console.log('at the end');`;
  const root = fileURLToPath(new URL('..', import.meta.url));
  const out = await new Promise<string>((resolve, reject) =>
    execFile(
      process.execPath,
      ['--conditions=bitacora:source', '--input-type=module', '-e', script],
      { cwd: root, timeout: 20_000 },
      (error, stdout) => (error ? reject(error) : resolve(stdout)),
    ),
  );
  expect(out).toBe('at the end\n');
  const onClosed = (): void => undefined;
  for (const [wrong, named] of [
    [{ url: 'ftp://x' }, /watchSessions: url/],
    [{ key: 'a b' }, /watchSessions: key/],
    [{ cursor: '' }, /watchSessions: cursor/],
    [{ everyMs: 0 }, /watchSessions: everyMs/],
    [{ onClosed: 'no' }, /watchSessions: onClosed/],
  ] as const)
    expect(() => watchSessions({ url: 'http://x', key: 'k', onClosed, ...wrong } as never)).toThrow(named);
  expect(existsSync(join(folder, 'cursor'))).toBe(true);
  expect(readFileSync(join(folder, 'cursor'), 'utf8')).not.toContain('s-');
});

test('C-06 whom an administrator signs out in Bitácora is signed out of the condominium', async () => {
  const host = await startExampleHost('condominium', { server, secret });
  try {
    const { body: maria } = await host.call('POST', '/login', { username: 'maria', password: 'puerta azul' });
    const { body: again } = await host.call('POST', '/login', { username: 'maria', password: 'puerta azul' });
    const pay = async (token: string): Promise<number> =>
      (await host.call('POST', '/charges/none/pay', { reference: 'PAG-1' }, token)).status;
    expect([await pay(maria.token), await pay(again.token)]).toEqual([404, 404]);
    const sessions = async (): Promise<any[]> =>
      (await server.json('/v1/sessions?active=true&actor=2')).body.sessions;
    await expect.poll(async () => (await sessions()).length, { timeout: 20_000 }).toBe(2);
    const [newest, oldest] = await sessions();
    await close(oldest.id);
    await expect.poll(() => pay(maria.token), { timeout: 20_000 }).toBe(401);
    expect(await pay(again.token)).toBe(404);
    await close(newest.id);
    await expect.poll(() => pay(again.token), { timeout: 20_000 }).toBe(401);
  } finally {
    expect(await host.stop()).toBe('');
  }
}, 60_000);
