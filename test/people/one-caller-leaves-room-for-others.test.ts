import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTenant } from '../support/open-tenant.ts';
import { readStream } from '../support/read-stream.ts';
import { makeKey } from '../support/tenant-with-events.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

// Ten seconds’ allowance may be used at once: 100 requests of a caller, 200 of a tenant, 100 wrong keys of an address.
const limits = {
  BITACORA_REQUESTS_PER_SECOND_PER_CALLER: '10',
  BITACORA_REQUESTS_PER_SECOND_PER_TENANT: '20',
  BITACORA_FAILURES_PER_SECOND_PER_ADDRESS: '10',
};
const read = { scopes: ['read'] };
let server: TestServer;
let names = 0;

beforeAll(async () => {
  server = await startTestServer(limits);
});
afterAll(() => server?.dispose());

/** Creates a tenant with this number of keys that may read. */
async function tenantWith(keys: number): Promise<string[]> {
  const name = `t${names++}`;
  await administratorIsLetIn();
  await openTenant(server, name);
  const made = Array.from({ length: keys }, () => makeKey(server, { ...read, tenant: name }));
  return (await Promise.all(made)).map(({ secret }) => secret);
}

/** Waits until the key of the tests may ask again. It has a limit like every key, and long work uses up more of it. */
async function administratorIsLetIn(): Promise<void> {
  for (;;) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(server.key)));
    if (answers.every(({ status }) => status === 200)) return;
    await setTimeout(2_000);
  }
}

const ask = (as: string): Promise<Response> => server.fetch('/v1/me', { as });

/** The number of answers of each status. Every 429 must have a time to wait. */
async function statuses(asked: readonly Promise<Response>[]): Promise<Record<number, number>> {
  const found: Record<number, number> = {};
  for (const answer of await Promise.all(asked)) {
    found[answer.status] = (found[answer.status] ?? 0) + 1;
    const text = await answer.text();
    if (answer.status !== 429) continue;
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(JSON.parse(text)).toMatchObject({ type: 'urn:bitacora:problem:too_many_requests', status: 429 });
  }
  return found;
}

/** The allowance of ten seconds, and that of the time since the start, because a busy machine takes longer. */
const mostSince = (began: number, perSecond: number): number =>
  perSecond * (10 + (performance.now() - began) / 1_000) + 1;

/** On a busy machine any caller may wait too long for a connection to the database. */
const othersThanBusy = (found: Record<number, number>): string[] =>
  Object.keys(found).filter((status) => status !== '503');

/** A token that nobody signed, of a tenant that exists. */
function tokenWithKid(kid: unknown): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: 'x',
    sub: 'x',
    tenant: 'default',
    roles: [],
    exp: Math.floor(Date.now() / 1_000) + 60,
  };
  return `${part({ alg: 'HS256', kid })}.${part(claims)}.${randomBytes(32).toString('base64url')}`;
}

const many = (count: number, secrets: readonly string[]): Promise<Response>[] =>
  Array.from({ length: count }, (_, n) => ask(secrets[n % secrets.length] ?? ''));

test('X10 a burst of one key is refused with a time to wait; another key of its tenant and other tenants are not slowed down', async () => {
  const [loud = '', quiet = ''] = await tenantWith(2);
  const [other = ''] = await tenantWith(1);
  const began = performance.now();
  const burst = statuses(many(300, [loud]));
  const meanwhile = statuses(many(30, [quiet, other]));
  const { 200: taken = 0, 429: refused = 0, 503: busy = 0 } = await burst;
  expect(taken).toBeLessThanOrEqual(mostSince(began, 10));
  expect(taken + refused + busy).toBe(300);
  expect(refused).toBeGreaterThan(0);
  expect(othersThanBusy(await meanwhile)).toEqual(['200']);
  await expect.poll(async () => (await ask(loud)).status, { interval: 500 }).toBe(200);
});

test("X10 many keys of one tenant share the tenant's allowance", async () => {
  const keys = await tenantWith(6);
  const [other = ''] = await tenantWith(1);
  const began = performance.now();
  const { 200: taken = 0, 429: refused = 0, 503: busy = 0 } = await statuses(many(420, keys));
  expect(taken).toBeLessThanOrEqual(mostSince(began, 20));
  expect(taken + refused + busy).toBe(420);
  expect(refused).toBeGreaterThan(0);
  expect(othersThanBusy(await statuses(many(20, [other])))).toEqual(['200']);
});

test('X10 a caller who guesses keys is slowed down; right keys from the same address work on', async () => {
  const [good = ''] = await tenantWith(1);
  expect((await ask(good)).status).toBe(200);
  const guesses = [
    ...Array.from({ length: 100 }, () => tokenWithKid('a\0b')),
    ...Array.from({ length: 100 }, () => tokenWithKid(['h1'])),
    ...Array.from({ length: 200 }, () => `bta_live_${randomBytes(8).toString('hex')}_${'0'.repeat(48)}`),
    ...Array.from({ length: 50 }, () => `e30.${randomBytes(12).toString('base64url')}.x`),
    ...Array.from({ length: 50 }, () => randomBytes(20).toString('hex')),
  ];
  const found: Record<number, number> = {};
  const began = performance.now();
  // Some requests at a time, because all requests under way at the same moment are checked.
  for (let from = 0; from < guesses.length; from += 20)
    for (const [status, count] of Object.entries(await statuses(guesses.slice(from, from + 20).map(ask))))
      found[Number(status)] = (found[Number(status)] ?? 0) + count;
  expect(found[401]).toBeGreaterThan(50);
  expect(found[401]).toBeLessThanOrEqual(mostSince(began, 10) + 20);
  expect(found[429]).toBeGreaterThan(0);
  expect(Object.keys(found).filter((status) => status !== '503')).toEqual(['401', '429']);
  const cookies = Array.from({ length: 20 }, () =>
    fetch(`${server.url}/v1/me`, {
      headers: { cookie: `bitacora=1.${randomBytes(32).toString('base64url')}` },
    }),
  );
  expect((await statuses(cookies))[429]).toBeGreaterThan(0);
  expect(await statuses(many(20, [good]))).toEqual({ 200: 20 });
  // A request without credentials is not a wrong key, and public pages stay public.
  expect((await fetch(`${server.url}/v1/me`)).status).toBe(401);
  expect((await fetch(`${server.url}/livez`, { headers: { authorization: 'Bearer x' } })).status).toBe(200);
});

test('X10 slow bodies take the room of their tenant and not that of others', async () => {
  const name = `t${names++}`;
  await openTenant(server, name);
  const { secret: slow } = await makeKey(server, { scopes: ['ingest'], tenant: name });
  const sockets: Socket[] = [];
  for (let n = 0; n < 6; n++) {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(
      `POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${slow}\r\ncontent-type: application/json\r\ncontent-length: 16777000\r\n\r\n[`,
    );
    sockets.push(socket);
  }
  const event = { action: 'note.write', actor: { id: 'ana' } };
  const large = { ...event, attributes: { pad: 'x'.repeat(50_000) } };
  await expect.poll(async () => (await server.send(large, { as: slow })).status).toBe(429);
  expect((await server.send(Array.from({ length: 100 }, () => large))).status).toBe(201);
  for (const socket of sockets) socket.destroy();
  await expect.poll(async () => (await server.send(event, { as: slow })).status).toBe(201);
});

test('X10 slow senders without a key keep nobody from signing in', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const signIn = (body: string): Promise<Response> =>
    fetch(`${server.url}/app/sign-in`, { method: 'POST', body, headers: form });
  const sockets: Socket[] = [];
  for (let n = 0; n < 600; n++) {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(
      `POST /app/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: ${form['content-type']}\r\ncontent-length: ${n < 6 ? 16_777_000 : 65_000}\r\n\r\ne`,
    );
    sockets.push(socket);
  }
  expect((await signIn('email=nobody@example.org&password=wrong')).status).not.toBe(429);
  expect((await signIn(`email=${'x'.repeat(66_000)}`)).status).toBe(413);
  for (const socket of sockets) socket.destroy();
});

test('X10 bodies that inflate to a large size are accepted, one at a time', async () => {
  const pad = (): string => randomBytes(18_000).toString('base64');
  const events = Array.from({ length: 400 }, () => ({
    action: 'note.write',
    actor: { id: 'ana' },
    attributes: { pad: pad() },
  }));
  const body = gzipSync(JSON.stringify(events), { level: 1 });
  expect(body.length).toBeGreaterThan(6_000_000);
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const answer = await server.fetch('/v1/events', { method: 'POST', body, headers });
  expect(answer.status).toBe(201);
});

test("X10 a tail that was open for a long time does not use up its caller's allowance", async () => {
  const [key = ''] = await tenantWith(1);
  const leave = new AbortController();
  const tails = await Promise.all(
    Array.from({ length: 3 }, () => server.fetch('/v1/tail', { as: key, signal: leave.signal })),
  );
  expect(tails.map(({ status }) => status)).toEqual([200, 200, 200]);
  // A second of the server's time counts as twenty requests, so twelve seconds would use up more than the allowance.
  await setTimeout(4_000);
  leave.abort();
  await setTimeout(300);
  expect((await ask(key)).status).toBe(200);
});

test('X10 a tenant who searches without a pause prevents no answer of others, and takes few of the turns', async () => {
  const off = { BITACORA_REQUESTS_PER_SECOND_PER_CALLER: '', BITACORA_REQUESTS_PER_SECOND_PER_TENANT: '' };
  await server.stop();
  await server.restart(off);
  const [noisy, victim] = await Promise.all([openTenant(server, 'noisy'), openTenant(server, 'victim')]);
  const first = await readStream(noisy, '');
  await expect.poll(first.position).toBeDefined();
  first.close();
  for (let batch = 0; batch < 2; batch++)
    await noisy.send(
      Array.from({ length: 1_000 }, (_, n) => ({
        action: `a.${n % 7}`,
        actor: { id: `u${n % 50}` },
        target: { type: 'x', id: String(n) },
        description: `number ${n} of ${batch}`,
      })),
    );
  await victim.send({ action: 'note.write', actor: { id: 'ana' } });
  let answers = 0;
  /** The number of answers that the neighbour got during each question of the victim. */
  const overtaken = async (): Promise<number[]> => {
    const found: number[] = [];
    while (found.length < 200 || answers < 80) {
      const before = answers;
      const answer = await victim.fetch('/v1/events?actor=ana&count=true');
      expect([answer.status, ((await answer.json()) as { count: number }).count]).toEqual([200, 1]);
      found.push(answers - before);
    }
    return found.sort((a, b) => a - b);
  };
  const beside = async (question: string): Promise<number[]> => {
    let going = true;
    const noise = Array.from({ length: 40 }, async () => {
      while (going) {
        const answer = await noisy.fetch(question);
        await answer.arrayBuffer();
        if (answer.status !== 200) throw new Error(`the neighbour was answered ${answer.status}`);
        answers++;
      }
    });
    try {
      await expect.poll(() => answers).toBeGreaterThan(0);
      return await overtaken();
    } finally {
      going = false;
      await Promise.all(noise);
    }
  };
  const at = (sorted: readonly number[], share: number): number =>
    sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  for (const question of [
    // Pages that PostgreSQL answers, and a phrase whose words are apart in most texts.
    '/v1/events?limit=1000&count=true&order=asc',
    '/v1/events?limit=1000&q=%22number%20of%201%22',
  ]) {
    answers = 0;
    const among = await beside(question);
    const shown = [0.5, 0.9, 0.99].map((share) => at(among, share)).join(' / ');
    console.info(`${answers} × ${question}: during a question of the victim ${shown} (p50 / p90 / p99)`);
    // If questions were answered in order of arrival, all forty of the neighbour would come first.
    expect(at(among, 0.5)).toBeLessThan(4);
  }
  // Forty tails begin at the first entry. They must take turns, because otherwise they take every connection to the database.
  const last = await readStream(noisy, '');
  await expect.poll(last.position).toBeDefined();
  const resume = (): ReturnType<typeof readStream> =>
    readStream(noisy, '?q=%22no%20such%20text%22', first.position());
  const tails = await Promise.all(Array.from({ length: 40 }, resume));
  let answered = 0;
  for (; tails.some((tail) => tail.position() !== last.position()); answered++)
    expect((await victim.fetch('/v1/events?actor=ana&count=true')).status).toBe(200);
  for (const tail of [last, ...tails]) tail.close();
  console.info(`${answered} answers while 40 tails of a neighbour went through all of its entries`);
  expect(answered).toBeGreaterThan(100);
});
