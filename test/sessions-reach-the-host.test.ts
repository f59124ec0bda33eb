import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { uuidV7 } from '@bitacora/event';
import { watchSessions, type ClosedSession, type SessionWatch } from '@bitacora/sdk/sessions';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startExampleHost } from './support/example-host.ts';
import { startWithPack } from './support/start-with-pack.ts';
import type { TestServer } from './support/test-server.ts';
import { patienceMs } from './support/wait-until.ts';
import { openWebhookReceiver, type WebhookReceiver } from './support/webhook-receiver.ts';

const secret = randomBytes(32).toString('base64url');
const folder = mkdtempSync(join(tmpdir(), 'bitacora-sessions-'));
const watches: SessionWatch[] = [];
let server: TestServer;
let receiver: WebhookReceiver;
let opened = 0;

beforeAll(async () => {
  receiver = await openWebhookReceiver();
  server = await startWithPack(
    { folder: 'condominium', exported: 'condominium' },
    {
      BITACORA_SESSION_WEBHOOK_URL: receiver.url,
      BITACORA_SESSION_WEBHOOK_SECRET: receiver.secret,
      BITACORA_WEBHOOK_NETWORKS: '127.0.0.1',
    },
  );
  await server.json('/v1/viewer-keys/condominium', {
    method: 'PUT',
    body: JSON.stringify({ issuer: 'condominium', algorithm: 'HS256', key: secret }),
  });
});
afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.close()));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server?.dispose();
  await receiver?.stop();
});

/** Opens sessions and returns their ids. */
async function open(count: number): Promise<string[]> {
  const logins = Array.from({ length: count }, () => ({
    action: 'session.start',
    actor: { id: `u${opened}` },
    sessionId: `s-${opened++}`,
  }));
  return (await server.send(logins)).body.results.map(({ id }: { id: string }) => id);
}

/** Runs a statement as the administrator of the database; returns the number of rows. */
async function inDatabase(statement: string): Promise<number> {
  const database = new pg.Client(server.superuserUrl());
  await database.connect();
  const { rowCount } = await database.query(statement);
  await database.end();
  return rowCount ?? 0;
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

/** Waits until a watch without a stored position has begun. It reports only sessions that are closed after its first question. */
async function untilBegun(closed: readonly unknown[]): Promise<void> {
  const oneMore = async (): Promise<number> => {
    await close((await open(1))[0] ?? '');
    return closed.length;
  };
  await expect.poll(oneMore).toBeGreaterThan(0);
}

async function expectClosed(closed: string[], wanted: string[]): Promise<void> {
  await expect.poll(() => closed).toEqual(wanted);
}

test('C-06 a host that asks gets every closing in order, and its next process continues where the last one stopped', async () => {
  const cursor = join(folder, 'cursor');
  const ids = await open(6);
  const closed: string[] = [];
  const first = watch(({ id }) => void closed.push(id), { cursor });
  await close(ids[2] ?? '');
  await close(ids[0] ?? '');
  await expectClosed(closed, [ids[2] ?? '', ids[0] ?? '']);
  await first.close();
  expect(statSync(cursor).mode & 0o777).toBe(0o600);
  await close(ids[1] ?? '');
  await server.send({ action: 'session.logout', actor: { id: 'u3' }, sessionId: 's-3' });
  expect(closed).toHaveLength(2);

  const rest: ClosedSession[] = [];
  watch((session) => void rest.push(session), { cursor });
  await expect.poll(() => rest.length).toBe(2);
  expect(rest).toMatchObject([
    { id: ids[1], actor: { id: 'u1' }, closeReason: 'administrator', sessionId: expect.any(String) },
    { id: ids[3], actor: { id: 'u3' }, closeReason: 'logout' },
  ]);
  // Without a stored position the host does not get earlier closings.
  const fresh: string[] = [];
  watch(({ id }) => void fresh.push(id));
  await untilBegun(fresh);
  expect(fresh).not.toContain(ids[1]);
});

/** Those of the sessions that the receiver got, each once, in the order in which they first arrived. */
function receivedOf(ids: readonly string[]): string[] {
  const received = receiver.received
    .map(({ body }) => body.data.id as string)
    .filter((id) => ids.includes(id));
  return [...new Set(received)];
}

test('C-06 each closing is sent to the receiver with a signature that it can check, in order', async () => {
  const ids = await open(3);
  for (const id of ids.toReversed()) await close(id);
  await server.send({ action: 'note.write', actor: { id: 'x' } });
  await expect.poll(() => receivedOf(ids)).toEqual(ids.toReversed());
  expect(receiver.received.every(({ signed, path }) => signed && path === '/hooks/sessions')).toBe(true);
  const first = receiver.received.find(({ body }) => body.data.id === ids[2]);
  const { body: session } = await server.json(`/v1/sessions/${ids[2]}`);
  expect(first).toMatchObject({
    id: expect.stringMatching(new RegExp(`^session-closed-\\d+-${ids[2]}$`)),
    body: {
      type: 'session.closed',
      timestamp: session.closedAt,
      data: { tenant: 'default', ...session, closeReason: 'administrator' },
    },
  });
  expect(Math.abs((first?.timestamp ?? 0) - Date.now() / 1_000)).toBeLessThan(300);
});

test('C-06 two sessions that have the same id in two ledgers are two messages', async () => {
  await server.json('/v1/ledgers', { method: 'POST', body: '{"name":"second"}' });
  const id = uuidV7();
  const of = { actor: { id: 'ana' }, sessionId: 'twice' };
  const events = [
    { ...of, action: 'session.login', id },
    { ...of, action: 'session.logout' },
  ];
  for (const ledger of ['default', 'second'])
    expect((await server.send(events, { ledger })).status).toBe(201);
  const received = (): Set<string> =>
    new Set(receiver.received.filter(({ body }) => body.data.id === id).map((message) => message.id));
  await expect.poll(() => received().size).toBe(2);
});

test('C-06 a receiver that is away, fails or redirects gets each closing again with the same id, until it accepts it', async () => {
  const ids = await open(4);
  await receiver.stop();
  for (const id of ids.slice(0, 2)) await close(id);
  await expect.poll(() => server.log()).toContain('ECONNREFUSED');
  let refusals = 2;
  receiver.answer = (response) => {
    if (refusals-- === 2) response.writeHead(500).end('not today');
    else if (refusals === 0) response.writeHead(307, { location: '/elsewhere' }).end();
    else response.writeHead(204).end();
  };
  await receiver.start();
  for (const id of ids.slice(2)) await close(id);
  await expect.poll(() => receivedOf(ids)).toEqual(ids);
  const first = receiver.received.filter(({ body }) => body.data.id === ids[0]);
  expect(first).toHaveLength(3);
  expect(new Set(first.map(({ id }) => id)).size).toBe(1);
  expect(new Set(receiver.received.map(({ path }) => path))).toEqual(new Set(['/hooks/sessions']));
});

test('C-06 an outage of the server, a failing host and a slow host lose no closing and keep the order', async () => {
  const ids = await open(5);
  const closed: string[] = [];
  const errors: string[] = [];
  let failures = 3;
  watch(
    async ({ id }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (!ids.includes(id)) return;
      if (id === ids[1] && failures-- > 0) throw new Error('the session store is away');
      closed.push(id);
    },
    { cursor: join(folder, 'outage'), onError: (error: Error) => errors.push(error.message) },
  );
  await close(ids[0] ?? '');
  await expectClosed(closed, ids.slice(0, 1));
  await expect.poll(() => receivedOf(ids)).toEqual(ids.slice(0, 1));
  const port = new URL(server.url).port;
  // The receiver has got this closing when the server is killed, and has not acknowledged it.
  const cut: string[] = [];
  receiver.answer = (_, { id }) => void cut.push(id);
  await close(ids[1] ?? '');
  await close(ids[2] ?? '');
  await expect.poll(() => cut).toEqual([expect.stringContaining(ids[1] ?? '')]);
  await server.kill();
  await expect.poll(() => errors.length).toBeGreaterThan(2);
  receiver.answer = (response) => void response.writeHead(204).end();
  const before = receiver.received.length;
  await server.restart({ BITACORA_PORT: port, BITACORA_WEBHOOK_NETWORKS: '10.0.0.0/8' });
  for (const id of ids.slice(3)) await close(id);
  await expectClosed(closed, ids);
  // The receiver's network is not listed now, so nothing is sent there.
  await expect.poll(() => server.log()).toContain('127.0.0.1 is an internal address');
  expect(receiver.received).toHaveLength(before);
  await server.stop();
  await server.restart();
  await expect.poll(() => receivedOf(ids)).toEqual(ids);
  const again = receiver.received.filter(({ id }) => cut.includes(id));
  expect(again).toHaveLength(2);
  expect(errors.some((text) => text.startsWith('onClosed failed for'))).toBe(true);
});

test('C-06 a session that the host can never end is reported and given up, and delays no other', async () => {
  const ids = await open(2);
  const closed: string[] = [];
  const errors: Error[] = [];
  watch(
    ({ id }) => {
      if (id === ids[0]) throw new Error('never');
      closed.push(id);
    },
    { attemptsMax: 3, onError: (error: Error) => errors.push(error) },
  );
  await untilBegun(closed);
  for (const id of ids) await close(id);
  await expect.poll(() => closed.at(-1)).toBe(ids[1]);
  expect(errors.map(({ message }) => message)).toEqual([
    ...Array(2).fill(`onClosed failed for ${ids[0]}`),
    `onClosed failed for ${ids[0]}, 3 times: it was given up`,
  ]);
});

test('a watch does not keep a process alive, refuses options that cannot work, and does not throw without an answer', async () => {
  const script = `import { watchSessions } from '@bitacora/sdk/sessions';
watchSessions({ url: 'http://127.0.0.1:9', key: 'k', everyMs: 10, onClosed() {}, onError() { throw new Error('lost'); } });
await new Promise((resolve) => setTimeout(resolve, 300));
console.log('at the end');`;
  const root = fileURLToPath(new URL('..', import.meta.url));
  const out = await new Promise<string>((resolve, reject) =>
    execFile(
      process.execPath,
      ['--conditions=bitacora:source', '--input-type=module', '-e', script],
      { cwd: root, timeout: patienceMs },
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

test('C-06 a user whom an administrator signs out in Bitácora is signed out of the condominium', async () => {
  const host = await startExampleHost('condominium', { server, secret });
  try {
    const { body: maria } = await host.call('POST', '/login', { username: 'maria', password: 'puerta azul' });
    const { body: again } = await host.call('POST', '/login', { username: 'maria', password: 'puerta azul' });
    const pay = async (token: string): Promise<number> =>
      (await host.call('POST', '/charges/none/pay', { reference: 'PAG-1' }, token)).status;
    expect([await pay(maria.token), await pay(again.token)]).toEqual([404, 404]);
    const sessions = async (): Promise<any[]> =>
      (await server.json('/v1/sessions?active=true&actor=2')).body.sessions;
    await expect.poll(async () => (await sessions()).length).toBe(2);
    const [, oldest] = await sessions();
    await close(oldest.id);
    await expect.poll(() => pay(maria.token)).toBe(401);
    expect(await pay(again.token)).toBe(404);
  } finally {
    expect(await host.stop()).toBe('');
  }
});

test('C-06 a receiver that is set later gets only closings after that, and every closing in ledgers made later', async () => {
  await server.stop();
  await server.restart({ BITACORA_SESSION_WEBHOOK_URL: '' });
  const [before = '', after = '', late = ''] = await open(3);
  await close(before);
  // This resets the server to the state without any receiver.
  await inDatabase("delete from bitacora.projection where name = 'session-webhook'");
  await server.stop();
  await server.restart();
  const follows = "select 1 from bitacora.projection where name = 'session-webhook'";
  await expect.poll(() => inDatabase(follows)).toBeGreaterThan(0);
  await close(after);
  await server.json('/v1/ledgers', { method: 'POST', body: '{"name":"later"}' });
  const opening = { action: 'session.start', actor: { id: 'later' }, sessionId: 'later' };
  const { body } = await server.send([opening, { ...opening, action: 'session.logout' }], {
    ledger: 'later',
  });
  const there = body.results[0].id;
  await close(late);
  await expect.poll(() => receivedOf([before, after, there, late]).length).toBe(3);
  expect(receivedOf([before])).toEqual([]);
});
