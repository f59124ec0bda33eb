import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startFaultyProvider,
  unsigned,
  type Fault,
  type FaultyProvider,
} from '../support/faulty-provider.ts';
import { freePort } from '../support/free-port.ts';
import { cookieOf, signedIn, type SignedInUser } from '../support/signed-in-user.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const json = { 'content-type': 'application/json' };
const clientId = 'bitacora';
let faulty: FaultyProvider;
let server: TestServer;

beforeAll(async () => {
  faulty = await startFaultyProvider(clientId);
  server = await startTestServer({ BITACORA_OIDC_ISSUER: faulty.issuer, BITACORA_OIDC_CLIENT_ID: clientId });
});

afterAll(async () => {
  await server.dispose();
  await faulty.close();
});

async function invite(email: string, role = 'auditor', at = server): Promise<string> {
  const { body } = await at.json('/v1/users', {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ email, name: 'Invited', role }),
  });
  return body.user.id;
}

interface Came {
  status: number;
  cookie: string | undefined;
}

/** Goes to the provider and back like a browser, with the cookies of both. */
async function goThrough(at: { url: string } = server, cookies = new Map<string, string>()): Promise<Came> {
  let next = `${at.url}/app/sign-in/provider`;
  for (let step = 0; step < 12; step++) {
    const { host } = new URL(next);
    const ours = next.startsWith(at.url);
    const jar = [...cookies].filter(([name]) => name.startsWith(`${host} `));
    const cookie = jar.map(([name, value]) => `${name.slice(host.length + 1)}=${value}`).join('; ');
    const answer = await fetch(next, { redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(`${host} ${name}`, value);
    }
    const session = cookieOf(answer);
    if (ours && session !== undefined) return { status: answer.status, cookie: session };
    const location = answer.headers.get('location');
    if (location === null) return { status: answer.status, cookie: undefined };
    next = new URL(location, next).href;
  }
  throw new Error('round and round');
}

const present = (cookie: string): Promise<SignedInUser> => signedIn(server, { cookie });

describe('F-09 X12 signing in at an identity provider', () => {
  test('an invited person can sign in, and from then on by issuer and subject, also when the e-mail changes', async () => {
    const id = await invite('one@example.com');
    faulty.fault = {};
    const first = await goThrough();
    expect(first.status).toBe(303);
    expect(await present(first.cookie ?? '')).toMatchObject({ id });
    expect(faulty.exchanged?.get('code_verifier')).toMatch(/^[\w-]{43,}$/);
    faulty.person = { sub: 'person-1', email: 'changed@example.com', email_verified: true };
    expect(await present((await goThrough()).cookie ?? '')).toMatchObject({ id });
    // The same e-mail with another subject is another person.
    faulty.person = { sub: 'person-2', email: 'one@example.com', email_verified: true };
    expect(await goThrough()).toEqual({ status: 403, cookie: undefined });
  });

  test('a person who was not invited, whose e-mail is not verified or who is disabled is refused', async () => {
    faulty.person = { sub: 'stranger', email: 'stranger@example.com', email_verified: true };
    expect((await goThrough()).cookie).toBeUndefined();
    const id = await invite('three@example.com');
    for (const email_verified of [false, undefined, 'true']) {
      faulty.person = { sub: 'person-3', email: 'three@example.com', email_verified };
      expect((await goThrough()).cookie).toBeUndefined();
    }
    faulty.person = { sub: 'person-3', email: 'three@example.com', email_verified: true };
    expect((await goThrough()).status).toBe(303);
    await server.json(`/v1/users/${id}`, { method: 'PUT', headers: json, body: '{"state":"disabled"}' });
    expect((await goThrough()).cookie).toBeUndefined();
  });

  test('each sign-in and each sign-out is one event', async () => {
    const events = async (action: string): Promise<number> =>
      (await server.json(`/v1/events?ledger=audit&action=${action}&count=true`)).body.count;
    faulty.person = { sub: 'person-1' };
    const before = [await events('session.login'), await events('session.login_failed')];
    await goThrough();
    faulty.fault = { status: 500 };
    await goThrough();
    faulty.fault = {};
    const [logins = 0, failures = 0] = before;
    expect([await events('session.login'), await events('session.login_failed')]).toEqual([
      logins + 1,
      failures + 1,
    ]);
  });
});

const seconds = (): number => Math.floor(Date.now() / 1_000);
const rs256 = (header: Record<string, unknown>): Fault => ({
  sign: (claims, { own }) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', ...header }).sign(own),
});
const claim = (changed: Record<string, unknown>): Fault => ({
  claims: (claims) =>
    Object.fromEntries(Object.entries({ ...claims, ...changed }).filter(([, value]) => value !== undefined)),
});
const brought = (changed: Record<string, string | undefined>): Fault => ({
  callback: (parameters) => {
    for (const [name, value] of Object.entries(changed))
      if (value === undefined) parameters.delete(name);
      else parameters.set(name, value);
  },
});
const answered = (changed: Record<string, unknown>): Fault => ({
  tokens: (tokens) => ({ ...tokens, ...changed }),
});

const misbehaviours: Record<string, Fault> = {
  'another issuer in the token': claim({ iss: 'https://evil.example' }),
  'the issuer with a slash': { claims: (claims) => ({ ...claims, iss: `${claims.iss}/` }) },
  'no issuer': claim({ iss: undefined }),
  'another audience': claim({ aud: 'another-client' }),
  'no audience': claim({ aud: undefined }),
  'several audiences and another party': claim({ aud: [clientId, 'x'], azp: 'x' }),
  'another party': claim({ azp: 'x' }),
  'another nonce': claim({ nonce: 'another' }),
  'no nonce': claim({ nonce: undefined }),
  'an empty nonce': claim({ nonce: '' }),
  'a token that is over': claim({ exp: seconds() - 120 }),
  'no end': claim({ exp: undefined }),
  'an end in letters': claim({ exp: 'later' }),
  'made in the future': { claims: (claims) => ({ ...claims, nbf: seconds() + 900 }) },
  'no time of making': claim({ iat: undefined }),
  'no subject': claim({ sub: undefined }),
  'an empty subject': claim({ sub: '' }),
  'a subject that is a number': claim({ sub: 7 }),
  'a subject without end': claim({ sub: 's'.repeat(300) }),
  'alg none': { sign: (claims) => unsigned(claims) },
  'HS256 with the client’s name': {
    sign: (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(clientId.padEnd(32, '0'))),
  },
  'a stranger’s key': {
    sign: (claims, { stranger }) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(stranger),
  },
  'a kid that is not published': rs256({ kid: 'k2' }),
  'a stranger’s key in the header': {
    sign: (claims, { stranger }) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', jwk: { kty: 'RSA' } }).sign(stranger),
  },
  'PS256 where RS256 is offered': {
    sign: (claims, { own }) => new SignJWT(claims).setProtectedHeader({ alg: 'PS256', kid: 'k1' }).sign(own),
  },
  'RS512 where RS256 is offered': {
    sign: (claims, { own }) => new SignJWT(claims).setProtectedHeader({ alg: 'RS512', kid: 'k1' }).sign(own),
  },
  'a broken signature': {
    sign: async (claims, { own }) =>
      (await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(own)).replace(
        /.{6}$/,
        'AAAAAA',
      ),
  },
  'a token in two parts': { sign: () => 'AAAA.BBBB' },
  'no token': answered({ id_token: undefined }),
  'a token that is a number': answered({ id_token: 7 }),
  'an access token of another type': answered({ token_type: 'unknown' }),
  'no access token': answered({ access_token: undefined }),
  'an answer that is a list': { tokens: () => [] },
  'an answer that is no JSON': { tokens: () => 'welcome' },
  'an error with status 400': { status: 400, tokens: () => ({ error: 'invalid_grant' }) },
  'status 500': { status: 500 },
  'another state': brought({ state: 'another' }),
  'no state': brought({ state: undefined }),
  'a code of nobody': brought({ code: 'guessed' }),
  'no code': brought({ code: undefined }),
  'an error in place of a code': brought({ code: undefined, error: 'access_denied' }),
  'another issuer in the answer (mix-up)': brought({ iss: 'https://evil.example' }),
  'no issuer in the answer': brought({ iss: undefined }),
  'an access token in the address': brought({ access_token: 'x' }),
  'no keys published': { jwks: () => ({ keys: [] }), ...rs256({ kid: 'k9' }) },
};

test.each(Object.entries(misbehaviours))('X12 refused: %s', async (_, fault) => {
  faulty.person = { sub: 'person-1', email: 'one@example.com', email_verified: true };
  faulty.fault = fault;
  const came = await goThrough();
  faulty.fault = {};
  expect(came.cookie).toBeUndefined();
  expect([400, 403]).toContain(came.status);
});

test('X12 a sign-in that this browser did not begin is refused; a code is accepted once', async () => {
  faulty.person = { sub: 'person-1' };
  const begun = await fetch(`${server.url}/app/sign-in/provider`, { redirect: 'manual' });
  const at = await fetch(begun.headers.get('location') ?? '', { redirect: 'manual' });
  const back = at.headers.get('location') ?? '';
  const come = async (cookie: string): Promise<number> =>
    (await fetch(back, { redirect: 'manual', headers: { cookie } })).status;
  const own = begun.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const anothers = await fetch(`${server.url}/app/sign-in/provider`, { redirect: 'manual' });
  expect(await come('')).toBe(403);
  expect(await come(anothers.headers.getSetCookie()[0]?.split(';')[0] ?? '')).toBe(403);
  expect(await come(`${own.slice(0, -4)}AAAA`)).toBe(403);
  expect(await come(own)).toBe(303);
  expect(await come(own)).toBe(403);
});

test('X12 back-channel logout ends all sessions of the person, and only with a valid logout token', async () => {
  faulty.person = { sub: 'person-1' };
  const person = await present((await goThrough()).cookie ?? '');
  const logout = async (token: string): Promise<number> =>
    (
      await fetch(`${server.url}/app/sign-in/provider/logout`, {
        method: 'POST',
        body: new URLSearchParams({ logout_token: token }),
      })
    ).status;
  const soon = { 'http://schemas.openid.net/event/other': {} };
  const wrong = [
    { strange: true as const },
    { header: { typ: 'JWT' } },
    { header: { typ: undefined } },
    { claims: { iss: 'https://evil.example' } },
    { claims: { aud: 'another' } },
    { claims: { events: undefined } },
    { claims: { events: soon } },
    { claims: { nonce: 'n' } },
    { claims: { sub: undefined } },
    { claims: { jti: undefined } },
    { claims: { iat: seconds() - 900, exp: undefined } },
  ];
  for (const changed of wrong)
    expect([changed, await logout(await faulty.logoutToken(changed))]).toEqual([changed, 403]);
  for (const token of ['', 'x', 'a.b.c']) expect(await logout(token)).toBe(403);
  expect((await person.fetch('/v1/me')).status).toBe(200);
  expect(await logout(await faulty.logoutToken({ claims: { sub: 'somebody else' } }))).toBe(200);
  expect((await person.fetch('/v1/me')).status).toBe(200);
  expect(await logout(await faulty.logoutToken())).toBe(200);
  expect((await person.fetch('/v1/me')).status).toBe(401);
});

describe('F-09 against oidc-provider without changes', () => {
  let http: Server;
  let real: TestServer;

  beforeAll(async () => {
    // The package has no types.
    const moduleName: string = 'oidc-provider';
    const { default: RealProvider } = (await import(moduleName)) as any;
    const port = await freePort();
    http = createServer();
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const provider = new RealProvider(issuer, {
      clients: [
        {
          client_id: 'bitacora',
          client_secret: 'a secret of the provider',
          redirect_uris: [`http://127.0.0.1:${port}/app/sign-in/provider/callback`],
        },
      ],
      pkce: { required: () => true },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      findAccount: (_: unknown, id: string) => ({
        accountId: id,
        claims: () => ({ sub: id, name: 'Real Person', email: `${id}@example.com`, email_verified: true }),
      }),
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
      cookies: { keys: ['one'] },
    } as never);
    // At the provider the person signs in and consents at once.
    provider.use(async (context: any, next: () => Promise<void>) => {
      if (!context.path.startsWith('/interaction/')) return next();
      const { prompt, params, session } = await provider.interactionDetails(context.req, context.res);
      if (prompt.name === 'login')
        return provider.interactionFinished(context.req, context.res, { login: { accountId: 'real' } });
      const grant = new provider.Grant({
        accountId: session?.accountId ?? '',
        clientId: String(params['client_id']),
      });
      grant.addOIDCScope('openid profile email');
      return provider.interactionFinished(context.req, context.res, {
        consent: { grantId: await grant.save() },
      });
    });
    http.on('request', provider.callback());
    real = await startTestServer({
      BITACORA_PORT: String(port),
      BITACORA_OIDC_ISSUER: issuer,
      BITACORA_OIDC_CLIENT_ID: 'bitacora',
      BITACORA_OIDC_CLIENT_SECRET: 'a secret of the provider',
      BITACORA_OIDC_DEFAULT_ROLE: 'viewer',
    });
  });

  afterAll(async () => {
    await real?.dispose();
    http.closeAllConnections();
    http.close();
  });

  test('a person who was not invited gets the default role, sees only their own entries, and is the same user the next time', async () => {
    const first = await goThrough(real);
    expect(first.status).toBe(303);
    const person = await signedIn(real, { cookie: first.cookie ?? '' });
    await real.send([
      { action: 'a.b', actor: { id: 'real' } },
      { action: 'a.b', actor: { id: 'else' } },
    ]);
    expect((await person.json('/v1/events?count=true')).body.count).toBe(1);
    const again = await signedIn(real, { cookie: (await goThrough(real)).cookie ?? '' });
    expect(again.id).toBe(person.id);
    expect(
      (await real.json('/v1/users')).body.users.find((user: any) => user.id === person.id),
    ).toMatchObject({
      email: 'real@example.com',
      role: 'viewer',
      hostId: 'real',
    });
  });
});
