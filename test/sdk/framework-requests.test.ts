import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { IncomingMessage, request as httpRequest, ServerResponse } from 'node:http';
import { connect, constants, createServer as createHttp2Server } from 'node:http2';
import { Socket, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createAudit, type Audit } from '../../packages/sdk/src/index.ts';
import { auditRequests as auditExpress } from '../../packages/sdk/src/adapters/express/index.ts';
import { auditRequests as auditFastify } from '../../packages/sdk/src/adapters/fastify/index.ts';
import { auditRequests as auditHono } from '../../packages/sdk/src/adapters/hono/index.ts';
import {
  auditRequests,
  auditSession,
  describeRequest,
} from '../../packages/sdk/src/adapters/request/index.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { frameworks } from './framework-applications.ts';
import { failure, hostOf, listen, rulesFor, type Host, type HostOptions } from './framework-hosts.ts';

let server: TestServer;
let audit: Audit;
const refused: unknown[] = [];
const hosts: Host[] = [];

beforeAll(async () => {
  server = await startTestServer();
  audit = createAudit({
    url: server.url,
    key: server.key,
    name: 'frameworks',
    onError: (error) => refused.push(error),
  });
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
  expect(refused.splice(0)).toEqual([]);
});
afterAll(async () => {
  await audit?.close();
  await server?.dispose();
});

describe.each(Object.keys(frameworks))('%s', (name) => {
  const start = async (options: Omit<HostOptions, 'audit'> = {}): Promise<Host> =>
    startHost(name, { audit, ...options });
  const hasRouter = name !== 'http';

  test('D-04 SDK-9 every request is recorded: method, URL, parameters, address, agent, duration, status', async () => {
    const host = await start();
    const { id, response } = await ask(host, '/bookings/b%207?from=2026&tag=a&tag=b', {
      headers: { 'user-agent': 'Browser/1.0', 'x-user': 'ana' },
    });
    expect(response.status).toBe(200);
    const [event] = await eventsOf(id, 'http.request');
    expect(event).toMatchObject({
      operation: 'read',
      outcome: 'success',
      actor: { id: 'ana', type: 'user' },
      client: { ip: '127.0.0.1', userAgent: 'Browser/1.0' },
      request: { method: 'GET', url: '/bookings/b%207?from=2026&tag=a&tag=b', status: 200 },
      attributes: {
        http: { query: { from: '2026', tag: ['a', 'b'] }, ...(hasRouter && { params: { id: 'b 7' } }) },
      },
    });
    if (hasRouter) expect(event.targets).toEqual([{ type: 'route', id: '/bookings/:id' }]);
    expect(event.durationMs).toBeGreaterThan(0);
    expect(event.durationMs).toBeLessThan(60_000);
  });

  test('D-04 SDK-9 secrets in parameters, URL and body are redacted', async () => {
    const host = await start({ captureBody: true });
    const secrets = { password: 'hunter2hunter2', nested: { api_key: 'abcdefgh12345678' }, plain: 'stays' };
    const { id } = await ask(host, '/echo?access_token=tok-secret-9876&page=2', post(secrets));
    const [event] = await eventsOf(id, 'http.request');
    expect(event.attributes.http.query).toEqual({
      access_token: expect.stringContaining('redacted'),
      page: '2',
    });
    expect(event.attributes.http.body).toEqual({
      password: expect.stringContaining('redacted'),
      nested: { api_key: expect.stringContaining('redacted') },
      plain: 'stays',
    });
    expect(event.request.url).toMatch(/^\/echo\?access_token=.*redacted.*&page=2$/);
    expect(JSON.stringify(event)).not.toMatch(/hunter2|abcdefgh1234|tok-secret/);
  });

  test('D-04 SDK-9 excluded paths give no event, and similar paths are not excluded', async () => {
    const host = await start();
    const ids = [];
    for (const path of ['/health', '/health/live?x=1', '/docs']) ids.push((await ask(host, path)).id);
    const { id: near } = await ask(host, '/healthy');
    const dotted = await askToTheLetter(host, '/health/../secret');
    expect((await eventsOf(near, 'http.request'))[0].request.url).toBe('/healthy');
    expect((await eventsOf(dotted, 'http.request'))[0].request.url).toBe('/health/../secret');
    for (const id of ids) expect(await eventsNow(id)).toEqual([]);
    const other = await start({ exclude: ['/bookings'] });
    const { id: excluded } = await ask(other, '/bookings/1');
    const { id: health } = await ask(other, '/health');
    expect(await eventsOf(health, 'http.request')).toHaveLength(1);
    // Events that the handler captures keep their context.
    expect((await eventsNow(excluded)).map(({ action }) => action)).toEqual(['booking.read']);
  });

  test('SDK-9 bodies are kept only where the host asks for them, also for single routes', async () => {
    const sent = post({ amount: 12 });
    const silent = await start();
    const { id: none } = await ask(silent, '/echo', sent);
    const byRoute = await start({
      policyOf: (_request, { path, status }) =>
        path === '/echo' && status === 200
          ? { captureBody: true, action: 'payment.try', level: 'high', tags: ['money'] }
          : path === '/logout'
            ? { record: false }
            : undefined,
    });
    const { id: some } = await ask(byRoute, '/echo', sent);
    const { id: hidden } = await ask(byRoute, '/logout', { method: 'POST' });
    expect((await eventsOf(none, 'http.request'))[0].attributes).toBeUndefined();
    const [paid] = await eventsOf(some, 'payment.try');
    expect(paid).toMatchObject({
      level: 'high',
      tags: ['money'],
      attributes: { http: { body: { amount: 12 } } },
    });
    expect(paid.operation).toBe('create');
    expect((await eventsOf(hidden, 'session.logout')).length).toBe(1);
    expect(await eventsNow(hidden)).toHaveLength(1);
  });

  test("D-04 SDK-9 the client's address is read from a proxy's header only when the proxy is trusted", async () => {
    const forwarded = { 'x-forwarded-for': '6.6.6.6, 203.0.113.7:4711, 10.1.2.3', forwarded: 'for=6.6.6.7' };
    const rfc7239 = {
      'x-forwarded-for': '6.6.6.6',
      forwarded: 'for=6.6.6.7, for="[2001:db8::7]:4711";proto=https',
    };
    const cases: [Partial<HostOptions>, Record<string, string>, string][] = [
      [{}, forwarded, '127.0.0.1'],
      [{ trustedProxies: ['192.0.2.0/24'] }, forwarded, '127.0.0.1'],
      [{ trustedProxies: ['127.0.0.0/8', '10.0.0.0/8', '::1'] }, forwarded, '203.0.113.7'],
      [{ trustedProxies: 1 }, forwarded, '10.1.2.3'],
      [{ trustedProxies: 1, proxyHeader: 'Forwarded' }, rfc7239, '2001:db8::7'],
      [{ trustedProxies: 1 }, { 'x-forwarded-for': 'unknown' }, '127.0.0.1'],
    ];
    for (const [options, headers, address] of cases) {
      const { id } = await ask(await start(options), '/bookings/1', { headers });
      expect((await eventsOf(id, 'http.request'))[0].client.ip, JSON.stringify(options)).toBe(address);
    }
  });

  test('SDK-7 SDK-9 events that a handler captures have actor, client, correlation and trace, also after awaits', async () => {
    const host = await start({ module: 'reservations', tenantOf: () => 'acme', sessionOf: () => 's-1' });
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const { id } = await ask(host, '/bookings/9', {
      headers: { 'x-user': 'luis', traceparent: `00-${trace}-00f067aa0ba902b7-01`, 'user-agent': 'Agent/2' },
    });
    const shared = {
      actor: { id: 'luis' },
      client: { ip: '127.0.0.1', userAgent: 'Agent/2' },
      module: 'reservations',
      sessionId: 's-1',
      correlationId: id,
      traceId: trace,
      spanId: '00f067aa0ba902b7',
    };
    const [booking] = await eventsOf(id, 'booking.read');
    expect(booking).toMatchObject({ ...shared, request: { method: 'GET', url: '/bookings/9' } });
    expect((await eventsOf(id, 'http.request'))[0]).toMatchObject(shared);
  });

  test('SDK-7 SDK-9 1,000 concurrent requests never mix their contexts', async () => {
    const count = 1_000;
    const run = randomUUID().slice(0, 8);
    const host = await start({ module: run });
    const answers = await Promise.all(
      Array.from({ length: count }, async (_, n) => {
        const { response } = await ask(host, `/who/${run}-${n}`, { headers: { 'x-user': `${run}-${n}` } });
        return (await response.json()) as { n: string; seen: string[] };
      }),
    );
    expect(answers.filter(({ n, seen }) => seen.join() !== n)).toEqual([]);
    await audit.flush();
    const mixed: unknown[] = [];
    let found = 0;
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const after = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await server.json(`/v1/events?action=who.ask&module=${run}&limit=500${after}`);
      for (const { event } of body.entries) {
        found++;
        if (event.actor.id !== event.attributes.n || !event.request.url.endsWith(event.attributes.n))
          mixed.push(event);
      }
      cursor = body.next ?? undefined;
    }
    expect([found, mixed]).toEqual([count, []]);
  });

  test('C-02 login, failed login, logout, denied access and errors are events of their own, with address and agent', async () => {
    const host = await start();
    const agent = { 'user-agent': 'Browser/3', 'x-user': 'eve' };
    const account = { email: 'ana@example.org', password: 'correct horse' };
    const login = await ask(host, '/login', post(account));
    const wrong = await ask(host, '/Login/', post({ ...account, password: 'guess' }), '/login');
    const logout = await ask(host, '/logout', { method: 'POST', headers: agent });
    const denied = await ask(host, '/secret', { headers: agent });
    const broken = await ask(host, '/broken', { headers: agent });
    expect([login, wrong, logout, denied, broken].map(({ response }) => response.status)).toEqual([
      200, 401, 204, 403, 500,
    ]);

    const origin = { client: { ip: '127.0.0.1', userAgent: 'Browser/3' } };
    expect(await actionsOf(login.id, 2)).toEqual(['http.request', 'session.login']);
    // The server replaces ids that are addresses by a keyed pseudonym.
    const [signedIn] = await eventsOf(login.id, 'session.login');
    expect(signedIn).toMatchObject({ outcome: 'success', sessionId: 'session of ana@example.org' });
    expect((await eventsOf(login.id, 'http.request'))[0].actor.id).toBe(signedIn.actor.id);
    expect(await actionsOf(wrong.id, 2)).toEqual(['http.request', 'session.login_failed']);
    const [failed] = await eventsOf(wrong.id, 'session.login_failed');
    expect(failed).toMatchObject({ outcome: 'failure', level: 'medium', request: { status: 401 } });
    expect(failed.actor.id).toBe(signedIn.actor.id);
    expect((await eventsOf(wrong.id, 'http.request'))[0].actor.id).toBe('anonymous');
    expect(await actionsOf(logout.id, 2)).toEqual(['http.request', 'session.logout']);
    expect((await eventsOf(logout.id, 'session.logout'))[0]).toMatchObject({
      actor: { id: 'eve' },
      ...origin,
    });
    expect(await actionsOf(denied.id, 2)).toEqual(['access.denied', 'http.request']);
    expect((await eventsOf(denied.id, 'access.denied'))[0]).toMatchObject({
      actor: { id: 'eve' },
      outcome: 'failure',
      level: 'medium',
      ...origin,
      request: { method: 'GET', url: '/secret', status: 403 },
    });
    expect(await actionsOf(broken.id, 2)).toEqual(['http.request', 'system.error']);
    const error = { code: 'E_DATABASE', message: 'the database said no' };
    expect((await eventsOf(broken.id, 'system.error'))[0]).toMatchObject({ level: 'high', error, ...origin });
    expect((await eventsOf(broken.id, 'http.request'))[0]).toMatchObject({ outcome: 'failure', error });
  });

  test("SDK-9 the application's answers and errors are the same with and without the SDK", async () => {
    const [plain, audited] = await Promise.all([startHost(name, {}), start({ captureBody: true })]);
    const requests: [string, RequestInit][] = [
      ['/bookings/1', {}],
      ['/bookings/1', { method: 'HEAD' }],
      ['/bookings/1', { method: 'OPTIONS' }],
      ['/nowhere', {}],
      ['/echo', post({ list: [1, { two: '2' }], text: 'ñ' })],
      ['/login', post({ password: 'wrong' })],
      ['/stream', {}],
      ['/broken', {}],
      ['/bookings/%zz', {}],
    ];
    for (const [path, init] of requests) {
      const answers = await Promise.all(
        [plain, audited].map((host) => fetch(host.url + path, init).then(answerOf)),
      );
      expect(answers[1], `${init.method ?? 'GET'} ${path}`).toEqual(answers[0]);
    }
    expect(audited.errors.length).toBe(plain.errors.length);
    expect(audited.errors).toContain(failure);
  });

  test('SDK-9 a stream is recorded at its end, and a client that disconnects is recorded as such', async () => {
    const host = await start();
    const { id, response } = await ask(host, '/stream');
    expect(await response.text()).toBe('one two three');
    expect((await eventsOf(id, 'http.request'))[0]).toMatchObject({
      outcome: 'success',
      request: { status: 200 },
    });
    const left = randomUUID();
    const request = httpRequest(`${host.url}/slow`, { headers: { 'x-request-id': left } });
    request.on('error', () => undefined);
    request.end();
    await once(request, 'finish');
    await sleep(50);
    request.destroy();
    const [event] = await eventsOf(left, 'http.request');
    expect(event).toMatchObject({
      outcome: 'failure',
      error: { code: 'aborted' },
      request: { url: '/slow' },
    });
    expect(event.request.status).toBeUndefined();
  });

  test('D-04 no request can prevent its own event', async () => {
    const host = await start({ captureBody: true });
    const many = Array.from({ length: 1_200 }, (_, n) => `p${n}=${n}`).join('&');
    const deep = JSON.parse('{"a":'.repeat(60) + '1' + '}'.repeat(60)) as object;
    const hostile: [string, RequestInit][] = [
      ['/bookings/1?__proto__=1&constructor=2&a%00b=c%00d', {}],
      ['/bookings/1?x=%ED%A0%80%FF%zz', {}],
      [`/bookings/1?${many}`, {}],
      [`/bookings/1?q=${'%01'.repeat(4_000)}`, {}],
      [`/bookings/1?q=${encodeURIComponent('ж'.repeat(1_000))}`, {}],
      [
        '/echo',
        post({ deep, text: '\0'.repeat(900), big: 'x'.repeat(70_000), list: Array(3_000).fill('y') }),
      ],
      ['/echo', { ...post({}), body: '{"not": JSON' }],
      ['/echo', { ...post({}), body: '{"a":{"constructor":{"b":"\\ud800"}},"n":12345678901234567890}' }],
    ];
    for (const [path, init] of hostile) {
      const { id } = await ask(host, path, {
        ...init,
        headers: { ...(init.headers as Record<string, string>), 'user-agent': 'u'.repeat(1_500) },
      });
      const [event] = await eventsOf(id, 'http.request');
      // A body that the framework refuses is never parsed.
      if (path !== '/echo' || event.request.status === 200)
        expect(event.attributes.http, path.slice(0, 60)).toBeDefined();
    }
  });

  test("SDK-9 functions of the host's that throw harm neither the request nor its event", async () => {
    const fails = (): never => {
      throw new Error('not now');
    };
    const host = await start({ tenantOf: fails, sessionOf: fails, policyOf: fails });
    const { id, response } = await ask(host, '/bookings/3', { headers: { 'x-user': 'throws' } });
    expect([response.status, await response.json()]).toEqual([200, { id: '3' }]);
    const [event] = await eventsOf(id, 'http.request');
    expect(event).toMatchObject({ actor: { id: 'anonymous' }, request: { status: 200 } });
    expect(event.attributes.http.failed.sort()).toEqual(['actorOf', 'policyOf', 'sessionOf', 'tenantOf']);
  });

  test('SDK-9 a server that is down changes nothing for the application', async () => {
    const away = createAudit({ url: 'http://127.0.0.1:9', key: 'none', name: `away ${name}` });
    const host = await startHost(name, { audit: away });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        ask(host, `/bookings/${n}`).then(({ response }) => response.json()),
      ),
    );
    expect(answers).toEqual(Array.from({ length: 50 }, (_, n) => ({ id: String(n) })));
    await expect.poll(() => away.health().pending).toBe(100);
    await away.close(1);
  });
});

test('C-02 when a handler reports a sign-in or sign-out itself, the rules capture nothing', async () => {
  const host = await listen(
    auditRequests(audit, { signIn: { path: '/login' } })((request, response) => {
      const session = auditSession(audit);
      if (request.url === '/login?right') void session.login({ id: 7, name: 'Ana' }, { sessionId: 's-7' });
      else if (request.url === '/login?wrong')
        void session.loginFailed({ actor: { id: 'ana' }, reason: 'locked' });
      else void session.logout();
      describeRequest({ level: 'critical', action: 'account.enter' });
      response.end();
    }),
  );
  hosts.push(host);
  const right = await ask(host, '/login?right', { method: 'POST' });
  const wrong = await ask(host, '/login?wrong', { method: 'POST' });
  const out = await ask(host, '/anywhere');
  expect(await actionsOf(right.id, 2)).toEqual(['account.enter', 'session.login']);
  expect((await eventsOf(right.id, 'account.enter'))[0]).toMatchObject({
    level: 'critical',
    actor: { id: '7', name: 'Ana' },
    sessionId: 's-7',
  });
  expect(await actionsOf(wrong.id, 2)).toEqual(['account.enter', 'session.login_failed']);
  expect((await eventsOf(wrong.id, 'session.login_failed'))[0]).toMatchObject({
    actor: { id: 'ana' },
    reason: 'locked',
  });
  expect(await actionsOf(out.id, 2)).toEqual(['account.enter', 'session.logout']);
  expect(() => auditSession(audit).login({ id: '' })).toThrow(TypeError);
  expect(describeRequest({ level: 'low' })).toBe(false);
});

test('SDK-9 a middleware that stands twice in a chain records once', async () => {
  const twice = auditRequests(audit);
  const host = await listen(twice(twice((_request, response) => response.end())));
  hosts.push(host);
  const { id } = await ask(host, '/once');
  expect(await eventsOf(id, 'http.request')).toHaveLength(1);
  await sleep(50);
  expect(await eventsNow(id)).toHaveLength(1);
});

test('SDK-9 policies of a Nest handler and of a Fastify route apply to their requests', async () => {
  const nest = await startHost('nestjs', { audit });
  const { id } = await ask(nest, '/secret');
  expect((await eventsOf(id, 'http.request'))[0]).toMatchObject({
    level: 'critical',
    request: { status: 403 },
  });
  const app = fastify();
  await app.register(auditFastify(audit));
  app.get('/wire', { config: { audit: { action: 'wire.look', sensitive: true } } }, async () => ({}));
  await app.listen({ port: 0, host: '127.0.0.1' });
  hosts.push(hostOf(app.server, [], () => app.close()));
  const wire = await ask(hosts.at(-1) as Host, '/wire');
  expect((await eventsOf(wire.id, 'wire.look'))[0]).toMatchObject({ sensitive: true });
});

test("D-04 SDK-9 in Express's nested routers route and parameters are those of the handler, also when it throws", async () => {
  const app = express();
  const requests = auditExpress(audit);
  const rooms = express.Router();
  rooms.get('/rooms/:room', (_request, response) => void response.json({}));
  rooms.get('/closed/:room', () => {
    throw failure;
  });
  app.use(requests, auditExpress(audit));
  app.use('/hotels/:hotel', express.Router().use('/floors/:floor', rooms));
  app.use(requests.errors);
  app.use((_error: unknown, _request: any, response: any, _next: any) => response.status(500).end());
  const host = await listen(app);
  hosts.push(host);
  const found: unknown[] = [];
  for (const path of ['rooms', 'closed']) {
    const { id } = await ask(host, `/hotels/Palace%20Ana/floors/2/${path}/7`);
    const [event] = await eventsOf(id, 'http.request');
    found.push([event.request.status, event.targets[0].id, event.attributes.http.params]);
  }
  expect(found).toEqual([
    [200, '/hotels/:hotel/floors/:floor/rooms/:room', { room: '7' }],
    [500, '/hotels/:hotel/floors/:floor/closed/:room', { room: '7' }],
  ]);
});

test('SDK-9 a client that disconnects is recorded as such over HTTP/2 too', async () => {
  const app = createHttp2Server();
  const listener = auditRequests(audit)((request, response) =>
    request.url === '/whole' ? response.end('all') : response.write('a part'),
  );
  app.on('request', (request: any, response: any) => listener(request, response));
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const client = connect(`http://127.0.0.1:${(app.address() as AddressInfo).port}`);
  const outcomes: unknown[] = [];
  for (const path of ['/whole', '/cut']) {
    const id = randomUUID();
    const stream = client.request({ ':path': path, 'x-request-id': id });
    stream.once('data', () => path === '/cut' && stream.close(constants.NGHTTP2_CANCEL));
    await once(stream, 'close');
    outcomes.push((await eventsOf(id, 'http.request'))[0].error?.code);
  }
  client.close();
  app.close();
  expect(outcomes).toEqual([undefined, 'aborted']);
});

test('SDK-9 SDK-20 answers without a connection are recorded as complete: injected, or in a cloud function', async () => {
  const app = fastify();
  await app.register(auditFastify(audit));
  app.get('/wire', async () => ({}));
  const injected = randomUUID();
  await app.inject({ url: '/wire', headers: { 'x-request-id': injected } });
  await app.close();
  expect((await eventsOf(injected, 'http.request'))[0]).toMatchObject({ outcome: 'success' });

  const called = randomUUID();
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method: 'GET', url: '/wire', headers: { 'x-request-id': called } });
  const response = new ServerResponse(request);
  response.assignSocket(Object.assign(new Socket(), { write: written }) as Socket);
  auditRequests(audit)((_request, answer) => answer.end('{}'))(request, response);
  expect((await eventsOf(called, 'http.request'))[0]).toMatchObject({
    outcome: 'success',
    request: { status: 200 },
  });
});

test('SDK-9 Hono without a socket is recorded when the handler has answered', async () => {
  const app = new Hono();
  app.use(auditHono(audit));
  app.get('/rooms/:id', (c) => c.text(c.req.param('id')));
  const id = randomUUID();
  const response = await app.request('/rooms/9?floor=2', { headers: { 'x-request-id': id } });
  expect(await response.text()).toBe('9');
  expect((await eventsOf(id, 'http.request'))[0]).toMatchObject({
    request: { method: 'GET', url: '/rooms/9?floor=2', status: 200 },
    attributes: { http: { params: { id: '9' }, query: { floor: '2' } } },
  });
  const nowhere = randomUUID();
  await app.request('/nowhere', { headers: { 'x-request-id': nowhere } });
  const [unfound] = await eventsOf(nowhere, 'http.request');
  expect([unfound.request.status, unfound.targets]).toEqual([404, undefined]);
});

test('options that cannot work are refused at the start', async () => {
  const wrong: Partial<HostOptions>[] = [
    { exclude: ['health'] },
    { trustedProxies: -1 },
    { trustedProxies: ['10.0.0.0/33'] },
    { trustedProxies: ['proxy.example.org'] },
    { signOut: { path: 'logout' } },
  ];
  for (const options of wrong)
    await expect(
      async () => startHost('express', { audit, ...options }),
      JSON.stringify(options),
    ).rejects.toThrow(TypeError);
  expect(rulesFor({ header: () => undefined, body: () => undefined }).signOut.path).toBe('/logout');
});

/** A response like that of a cloud function, without a socket. */
function written(...parts: unknown[]): boolean {
  const done = parts.find((part) => typeof part === 'function');
  if (done) process.nextTick(done as () => void);
  return true;
}

async function startHost(name: string, options: HostOptions): Promise<Host> {
  const host = await frameworks[name]?.(options);
  if (host === undefined) throw new Error(`no host ${name}`);
  hosts.push(host);
  return host;
}

/** Sends a request with its own correlation id, by which its events are found. */
async function ask(
  host: Host,
  path: string,
  init: RequestInit = {},
  instead = path,
): Promise<{ id: string; response: Response }> {
  const id = randomUUID();
  const headers = {
    'user-agent': 'Browser/3',
    ...(init.headers as Record<string, string>),
    'x-request-id': id,
  };
  const response = await fetch(host.url + path, { ...init, headers });
  // Some hosts match paths exactly.
  if (response.status === 404 && instead !== path) return ask(host, instead, init);
  return { id, response };
}

/** Sends the path as it is, because `fetch` would resolve the dots. */
async function askToTheLetter(host: Host, path: string): Promise<string> {
  const id = randomUUID();
  const request = httpRequest(host.url, { path, headers: { 'x-request-id': id }, agent: false });
  request.end();
  const [response] = await once(request, 'response');
  response.resume();
  return id;
}

function post(body: unknown): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

async function answerOf(response: Response): Promise<unknown> {
  const { date: _date, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, headers, text: await response.text() };
}

async function eventsNow(correlationId: string): Promise<any[]> {
  await audit.flush();
  const { body } = await server.json(`/v1/events?correlationId=${correlationId}`);
  return body.entries.map(({ event }: { event: unknown }) => event);
}

/** The event of a request is captured when its answer ends, which may be after the client has received it. */
async function eventsOf(correlationId: string, action: string): Promise<any[]> {
  const find = async (): Promise<any[]> =>
    (await eventsNow(correlationId)).filter((event) => event.action === action);
  await expect.poll(async () => (await find()).length).toBeGreaterThan(0);
  return find();
}

async function actionsOf(correlationId: string, count: number): Promise<string[]> {
  await expect.poll(async () => (await eventsNow(correlationId)).length).toBe(count);
  return (await eventsNow(correlationId))
    .map(({ action }) => String(action))
    .toSorted((a, b) => a.localeCompare(b));
}
