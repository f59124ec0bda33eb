import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SignJWT, UnsecuredJWT } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKey } from '../support/tenant-with-events.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const json = { 'content-type': 'application/json' };
const issuer = 'https://shop.example.com';
const secret = randomBytes(32);
const pair = generateKeyPairSync('ed25519');
const strangers = generateKeyPairSync('ed25519');
let server: TestServer;
let database: pg.Client;

beforeAll(async () => {
  server = await startTestServer();
  database = new pg.Client(server.superuserUrl());
  await database.connect();
  await database.query('set search_path = bitacora');
  await server.json('/v1/tenants', { method: 'POST', body: '{"name":"other"}', headers: json });
  const put = (kid: string, body: Record<string, unknown>): Promise<{ status: number; body: any }> =>
    server.json(`/v1/viewer-keys/${kid}`, {
      method: 'PUT',
      body: JSON.stringify({ issuer, ...body }),
      headers: json,
    });
  const pem = pair.publicKey.export({ type: 'spki', format: 'pem' });
  expect((await put('ed', { algorithm: 'EdDSA', key: pem })).status).toBe(200);
  expect((await put('hs', { algorithm: 'HS256', key: secret.toString('base64url') })).status).toBe(200);
  await put('few', { algorithm: 'HS256', key: secret.toString('base64url'), roles: ['viewer'] });
  await server.send([
    { action: 'sale.create', actor: { id: 'ana' } },
    { action: 'sale.create', actor: { id: 'luis' }, subject: { id: 'ana' } },
    { action: 'sale.create', actor: { id: 'luis' } },
  ]);
});

afterAll(async () => {
  await database?.end();
  await server.dispose();
});

const now = (): number => Math.floor(Date.now() / 1_000);

interface Made {
  alg?: string;
  kid?: string | null;
  key?: unknown;
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
}

async function token({
  alg = 'EdDSA',
  kid = 'ed',
  key,
  claims = {},
  header = {},
}: Made = {}): Promise<string> {
  const all = { iss: issuer, sub: 'ana', tenant: 'default', roles: ['viewer'], exp: now() + 600, ...claims };
  const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new SignJWT(present as never)
    .setProtectedHeader({ alg, ...(kid === null ? {} : { kid }), ...header })
    .sign((key ?? (alg === 'HS256' ? secret : pair.privateKey)) as never);
}

const statusOf = async (authorization: string, path = '/v1/events'): Promise<number> =>
  (await fetch(server.url + path, { headers: { authorization } })).status;

describe('F-09 tokens that a host application signs for its own users', () => {
  test('allow what their roles allow, as Bearer and as Token, by Ed25519 and by a shared secret', async () => {
    for (const made of [await token(), await token({ alg: 'HS256', kid: 'hs' })])
      for (const scheme of ['Bearer', 'Token', 'bearer', 'TOKEN'])
        expect(await statusOf(`${scheme} ${made}`)).toBe(200);
    const count = async (claims: Record<string, unknown>): Promise<number> =>
      (await server.json('/v1/events?count=true', { as: await token({ claims }) })).body.count;
    expect(await count({})).toBe(2);
    expect(await count({ sub: 'nobody' })).toBe(0);
    expect(await count({ roles: ['viewer', 'auditor'] })).toBe(3);
    const me = (await server.json('/v1/me', { as: await token({ claims: { name: 'Ana' } }) })).body;
    expect(me).toMatchObject({
      kind: 'viewer',
      id: 'ana',
      name: 'Ana',
      scope: 'own',
      roles: ['viewer'],
      csrf: null,
    });
  });

  test('allow nothing for unknown names of roles, and never owner; a key may list fewer roles', async () => {
    const read = async (made: Made): Promise<number> => statusOf(`Bearer ${await token(made)}`);
    expect(await read({ claims: { roles: ['gerente'] } })).toBe(403);
    expect(await read({ claims: { roles: ['owner'] } })).toBe(403);
    expect(await read({ claims: { roles: [] } })).toBe(403);
    expect(await read({ claims: { roles: ['auditor'] }, kid: 'few', alg: 'HS256' })).toBe(403);
    expect(await read({ claims: { roles: ['auditor', 'viewer'] }, kid: 'few', alg: 'HS256' })).toBe(200);
    const users = await statusOf(
      `Bearer ${await token({ claims: { roles: ['administrator'] } })}`,
      '/v1/users',
    );
    expect(users).toBe(200);
  });

  const pem = String(pair.publicKey.export({ type: 'spki', format: 'pem' }));
  const bad: Record<string, () => Promise<string> | string> = {
    'alg none': () =>
      new UnsecuredJWT({
        iss: issuer,
        sub: 'ana',
        tenant: 'default',
        roles: ['viewer'],
        exp: now() + 600,
      }).encode(),
    'alg none with a kid': async () => {
      const [, body = ''] = (await token()).split('.');
      return `${Buffer.from('{"alg":"none","kid":"ed"}').toString('base64url')}.${body}.`;
    },
    'alg NONE with a signature': async () => {
      const [, body = '', signature = ''] = (await token()).split('.');
      return `${Buffer.from('{"alg":"NONE","kid":"ed"}').toString('base64url')}.${body}.${signature}`;
    },
    'the public key as a shared secret': () => token({ alg: 'HS256', kid: 'ed', key: Buffer.from(pem) }),
    'the public key’s bytes as a shared secret': () =>
      token({ alg: 'HS256', kid: 'ed', key: pair.publicKey.export({ type: 'spki', format: 'der' }) }),
    'HS512 for an HS256 key': () => token({ alg: 'HS512', kid: 'hs', key: Buffer.concat([secret, secret]) }),
    'a stranger’s key': () => token({ key: strangers.privateKey }),
    'a wrong secret': () => token({ alg: 'HS256', kid: 'hs', key: randomBytes(32) }),
    'an empty secret': () => token({ alg: 'HS256', kid: 'hs', key: new Uint8Array(1) }),
    'another kid': () => token({ kid: 'hs' }),
    'an unknown kid': () => token({ kid: 'nobody' }),
    'no kid': () => token({ kid: null }),
    'a kid with a path': () => token({ kid: '../ed' }),
    'a key in the header (jwk)': () =>
      token({ key: strangers.privateKey, header: { jwk: strangers.publicKey.export({ format: 'jwk' }) } }),
    'a key by address (jku)': () =>
      token({ key: strangers.privateKey, header: { jku: 'http://127.0.0.1:1/' } }),
    'a critical header': () => token({ header: { crit: ['exp'], exp: 1 } }).catch(() => 'a.b.c'),
    'an unknown tenant': () => token({ claims: { tenant: 'nowhere' } }),
    'another tenant': () => token({ claims: { tenant: 'other' } }),
    'a tenant’s number': () => token({ claims: { tenant: 1 } }),
    'no tenant': () => token({ claims: { tenant: undefined } }),
    'no exp': () => token({ claims: { exp: undefined } }),
    'an exp that is over': () => token({ claims: { exp: now() - 120 } }),
    'an exp beyond an hour': () => token({ claims: { exp: now() + 3_600 + 120 } }),
    'an exp far away': () => token({ claims: { exp: 9_999_999_999 } }),
    'an exp in letters': () => token({ claims: { exp: 'tomorrow' } }),
    'a life of more than an hour': () => token({ claims: { iat: now() - 3_500, exp: now() + 600 } }),
    'an nbf to come': () => token({ claims: { nbf: now() + 300 } }),
    'an iat to come': () => token({ claims: { iat: now() + 300 } }),
    'no sub': () => token({ claims: { sub: undefined } }),
    'an empty sub': () => token({ claims: { sub: '' } }),
    'a sub with U+0000': () => token({ claims: { sub: 'ana\0' } }),
    'no roles': () => token({ claims: { roles: undefined } }),
    'roles that are no list': () => token({ claims: { roles: 'viewer' } }),
    'roles that are no names': () => token({ claims: { roles: [{ name: 'viewer' }] } }),
    'a hundred roles': () => token({ claims: { roles: Array(100).fill('viewer') } }),
    'another issuer': () => token({ claims: { iss: 'https://evil.example' } }),
    'an issuer with a slash more': () => token({ claims: { iss: `${issuer}/` } }),
    'no issuer': () => token({ claims: { iss: undefined } }),
    'a letter changed in the claims': async () =>
      (await token()).replace(/\.(.)/, (_, letter) => `.${letter === 'e' ? 'f' : 'e'}`),
    'its signature cut off': async () => (await token()).replace(/[^.]*$/, ''),
    'a signature of another token': async () => {
      const [head, body] = (await token({ claims: { sub: 'luis' } })).split('.');
      return `${head}.${body}.${(await token()).split('.')[2]}`;
    },
    'half of it': async () => (await token()).slice(0, 80),
    'three dots': () => '..',
    'no JSON': () => 'AAAA.BBBB.CCCC',
  };
  test.each(Object.entries(bad))('refused: %s', async (_, make) => {
    expect(await statusOf(`Bearer ${await make()}`)).toBe(401);
  });

  const hostile: Record<string, unknown> = {
    'U+0000': 'a\0b',
    'half of a surrogate pair': 'a\ud800',
    'a list': ['viewer'],
    'a list in a list': [['viewer']],
    'an object': { toString: 'viewer' },
    'a number': 7,
    true: true,
    'ten thousand letters': 'x'.repeat(10_000),
  };
  const said: Record<string, (value: unknown) => Made> = {
    kid: (value) => ({ header: { kid: value } }),
    typ: (value) => ({ header: { typ: value } }),
    tenant: (value) => ({ claims: { tenant: value } }),
    iss: (value) => ({ claims: { iss: value } }),
    sub: (value) => ({ claims: { sub: value } }),
    'a role': (value) => ({ claims: { roles: ['auditor', value] } }),
    name: (value) => ({ claims: { roles: ['auditor'], name: value } }),
    iat: (value) => ({ claims: { iat: value } }),
    nbf: (value) => ({ claims: { nbf: value } }),
    exp: (value) => ({ claims: { exp: value } }),
  };
  const attempts = Object.entries(said).flatMap(([where, make]) =>
    Object.entries(hostile).map(([what, value]) => [`${where}: ${what}`, make(value)] as const),
  );
  test.each(attempts)('a token that its host signed is parsed by a schema first: %s', async (what, made) => {
    // One that is recorded when it reads, so that its name and role go into an event.
    const status = await statusOf(`Bearer ${await token(made)}`);
    expect(status).toBe(what.startsWith('typ:') ? 200 : 401);
  });

  test.each([
    ['a list', (kid: string) => [kid]],
    ['a list in a list', (kid: string) => [[kid]]],
    ['the name of the key', (kid: string) => kid],
  ])(
    'X11 a token signed by nobody whose kid is %s keeps out no good token of a key that is made next',
    async (_, poison) => {
      const kid = `k${randomBytes(6).toString('hex')}`;
      const junk = await token({ header: { kid: poison(kid) }, key: strangers.privateKey });
      expect(await statusOf(`Bearer ${junk}`)).toBe(401);
      // Stored as another server would do it, so that this server's cache does not know of it.
      await database.query(
        `insert into viewer_key (tenant, kid, issuer, algorithm, material, roles)
         select tenant, $1, issuer, algorithm, material, roles from viewer_key where kid = 'ed'`,
        [kid],
      );
      expect(await statusOf(`Bearer ${junk}`)).toBe(401);
      expect(await statusOf(`Bearer ${await token({ kid })}`)).toBe(200);
    },
  );

  test('X11 junk between good tokens keeps out none of them', async () => {
    const kid = 'shared';
    const put = await server.json(`/v1/viewer-keys/${kid}`, {
      method: 'PUT',
      headers: json,
      body: JSON.stringify({ issuer, algorithm: 'HS256', key: secret.toString('base64url') }),
    });
    expect(put.status).toBe(200);
    const good = await token({ alg: 'HS256', kid });
    const found: number[] = [];
    for (let count = 0; count < 20; count++) {
      const junk = await token({ header: { kid: [kid] }, key: strangers.privateKey });
      expect([401, 429]).toContain(await statusOf(`Bearer ${junk}`));
      found.push(await statusOf(`Bearer ${good}`));
    }
    expect(found).toEqual(Array(20).fill(200));
  });

  test('when a key is removed its tokens are refused; private keys and short secrets are refused', async () => {
    const put = async (key: unknown, algorithm: string): Promise<number> =>
      (
        await server.json('/v1/viewer-keys/x', {
          method: 'PUT',
          headers: json,
          body: JSON.stringify({ issuer, algorithm, key }),
        })
      ).status;
    expect(await put(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), 'EdDSA')).toBe(400);
    expect(await put(JSON.stringify(pair.privateKey.export({ format: 'jwk' })), 'EdDSA')).toBe(400);
    expect(await put('c2hvcnQ', 'HS256')).toBe(400);
    expect(await put('nonsense', 'EdDSA')).toBe(400);
    expect(await put(pem, 'RS256')).toBe(400);
    expect(await put(JSON.stringify(pair.publicKey.export({ format: 'jwk' })), 'EdDSA')).toBe(200);
    const made = await token({ kid: 'x' });
    expect(await statusOf(`Bearer ${made}`)).toBe(200);
    await server.fetch('/v1/viewer-keys/x', { method: 'DELETE' });
    expect(await statusOf(`Bearer ${made}`)).toBe(401);
    const stored = await database.query("select material from viewer_key where kid = 'hs'");
    expect(stored.rows[0].material.includes(secret)).toBe(false);
  });
});

describe('X11 API keys', () => {
  test('have 160 random bits and a checksum for scanners; the table keeps a hash', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => makeKey(server, { scopes: ['read'] })));
    for (const { id, secret: key } of made) {
      expect(key).toMatch(new RegExp(`^bta_live_${id}_[0-9a-f]{48}$`));
      const stored = await database.query('select * from api_key where id = $1', [id]);
      expect(JSON.stringify(stored.rows[0])).not.toContain(key.split('_')[3]);
      expect(stored.rows[0].secret_hash).toHaveLength(32);
    }
    expect(new Set(made.map(({ secret: key }) => key)).size).toBe(5);
  });

  const changed: Record<string, (key: string) => string> = {
    'a letter more': (key) => `${key}0`,
    'a letter less': (key) => key.slice(0, -1),
    'its last letter changed': (key) => key.slice(0, -1) + (key.endsWith('0') ? '1' : '0'),
    'its first random letter changed': (key) =>
      key.replace(/_(\w)(\w{47})$/, (_, a, b) => `_${a === '0' ? '1' : '0'}${b}`),
    'in capitals': (key) => key.toUpperCase(),
    'another id': (key) => key.replace(/live_\w/, (part) => `live_${part.endsWith('a') ? 'b' : 'a'}`),
    'only its id': (key) => key.split('_').slice(0, 3).join('_'),
    'only its secret': (key) => key.split('_')[3] ?? '',
    'no prefix': (key) => key.slice(9),
    twice: (key) => `${key}${key}`,
    'with a space': (key) => `${key} x`,
    'with a quotation mark': (key) => `${key}'`,
    'with a null byte escaped': (key) => `${key}%00`,
    'its hash': (key) => createHmac('sha256', '').update(key).digest('hex'),
    'in base64': (key) => Buffer.from(key).toString('base64'),
  };
  test.each(Object.entries(changed))('a key with %s is refused', async (_, change) => {
    const { secret: key } = await makeKey(server, { scopes: ['read'] });
    expect(await statusOf(`Bearer ${key}`)).toBe(200);
    expect(await statusOf(`Bearer ${change(key)}`)).toBe(401);
  });

  const ways: Record<string, (key: string) => { path?: string; headers?: Record<string, string> }> = {
    'the query': (key) => ({ path: `/v1/events?key=${key}` }),
    'the query as access_token': (key) => ({ path: `/v1/events?access_token=${key}` }),
    'a cookie': (key) => ({ headers: { cookie: `bitacora=${key}` } }),
    'X-API-Key': (key) => ({ headers: { 'x-api-key': key } }),
    Basic: (key) => ({ headers: { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` } }),
    'no scheme': (key) => ({ headers: { authorization: key } }),
    'two of them': (key) => ({ headers: { authorization: `Bearer wrong, Bearer ${key}` } }),
  };
  test.each(Object.entries(ways))('a key in %s is refused', async (_, way) => {
    const { secret: key } = await makeKey(server, { scopes: ['read'] });
    const { path = '/v1/events', headers = {} } = way(key);
    expect([400, 401]).toContain((await fetch(server.url + path, { headers })).status);
  });

  test('each scope allows only its routes, and a key cannot give more than it has', async () => {
    const places: Record<string, string> = { read: '/v1/events', admin: '/v1/keys', operator: '/v1/tenants' };
    for (const scope of ['ingest', 'read', 'tree', 'admin', 'operator']) {
      const { secret: key } = await makeKey(server, { scopes: [scope] });
      for (const [needed, place] of Object.entries(places))
        expect([scope, place, await statusOf(`Bearer ${key}`, place)]).toEqual([
          scope,
          place,
          scope === needed ? 200 : 403,
        ]);
      for (const wanted of ['ingest', 'read', 'tree', 'admin', 'operator']) {
        const made = await server.json('/v1/keys', {
          method: 'POST',
          as: key,
          headers: json,
          body: JSON.stringify({ name: 'x', scopes: [wanted] }),
        });
        expect([scope, wanted, made.status]).toEqual([
          scope,
          wanted,
          scope === 'admin' && wanted === 'admin' ? 201 : 403,
        ]);
      }
    }
  });

  test('a key works until it expires; an old key works, and so do two keys at once', async () => {
    const soon = await makeKey(server, {
      scopes: ['read'],
      expiresAt: new Date(Date.now() + 600_000).toISOString(),
    });
    const over = await makeKey(server, {
      scopes: ['read'],
      expiresAt: new Date(Date.now() - 1).toISOString(),
    });
    const next = await makeKey(server, { scopes: ['read'] });
    expect([await statusOf(`Bearer ${soon.secret}`), await statusOf(`Bearer ${next.secret}`)]).toEqual([
      200, 200,
    ]);
    expect(await statusOf(`Bearer ${over.secret}`)).toBe(401);
    await server.fetch(`/v1/keys/${soon.id}`, { method: 'DELETE' });
    expect([await statusOf(`Bearer ${soon.secret}`), await statusOf(`Bearer ${next.secret}`)]).toEqual([
      401, 200,
    ]);
    // Another server revokes the key; this server refuses it soon after.
    await database.query('update api_key set revoked_at = now() where id = $1', [next.id]);
    await expect.poll(() => statusOf(`Bearer ${next.secret}`)).toBe(401);
  });

  const networks: [string[], number][] = [
    [['127.0.0.1'], 200],
    [['127.0.0.0/8', '10.0.0.0/8'], 200],
    [['10.0.0.0/8', '::ffff:127.0.0.0/104'], 200],
    [['0.0.0.0/0'], 200],
    [['10.0.0.0/8'], 401],
    [['127.0.0.2'], 401],
    [['::1'], 401],
    [['fd00::/8', '192.168.0.0/16'], 401],
  ];
  test.each(networks)('a key for %j used from 127.0.0.1: %i', async (addresses, status) => {
    const { secret: key } = await makeKey(server, { scopes: ['read'], addresses });
    expect(await statusOf(`Bearer ${key}`)).toBe(status);
    const forwarded = { authorization: `Bearer ${key}`, 'x-forwarded-for': '10.0.0.1' };
    // This server trusts no proxy.
    expect((await fetch(`${server.url}/v1/events`, { headers: forwarded })).status).toBe(status);
  });

  test('a key that is limited to some networks makes keys only for these networks; an invalid network is refused', async () => {
    const addresses = ['127.0.0.0/8', '10.1.0.0/16'];
    const limited = await makeKey(server, { scopes: ['admin', 'read'], addresses });
    const make = (wanted?: unknown): Promise<{ status: number; body: any }> =>
      server.json('/v1/keys', {
        method: 'POST',
        as: limited.secret,
        headers: json,
        body: JSON.stringify({ name: 'x', scopes: ['read'], addresses: wanted }),
      });
    expect((await make()).body.key.addresses).toEqual(addresses);
    for (const within of ['10.1.0.0/16', '10.1.2.0/24', '127.0.0.1'])
      expect((await make([within])).body.key.addresses).toEqual([within]);
    for (const beyond of ['0.0.0.0/0', '10.0.0.0/15', '10.2.0.1', '::1', '::ffff:10.1.0.0/90'])
      expect(await make(['10.1.2.0/24', beyond])).toMatchObject({
        status: 403,
        body: { parameter: 'addresses' },
      });
    for (const wrong of [[], ['localhost'], ['10.0.0.0/33'], ['fe80::1%eth0'], '10.0.0.0/8', [5]])
      expect(await make(wrong)).toMatchObject({ status: 400 });
  });

  test('a key that is limited to some networks cannot register a viewer key, whose tokens would be valid everywhere', async () => {
    const whole = { scopes: ['ingest', 'read', 'tree', 'admin'] };
    const body = JSON.stringify({ issuer, algorithm: 'HS256', key: secret.toString('base64url') });
    const put = async (addresses?: string[]): Promise<number> => {
      const { secret: as } = await makeKey(server, { ...whole, ...(addresses && { addresses }) });
      return (await server.json('/v1/viewer-keys/by-key', { method: 'PUT', as, headers: json, body })).status;
    };
    expect(await put(['127.0.0.1'])).toBe(403);
    expect(await put()).toBe(200);
  });

  test('the list shows the minute in which a key was last used', async () => {
    const used = await makeKey(server, { scopes: ['read'] });
    const never = await makeKey(server, { scopes: ['read'] });
    const lastUse = async ({ id }: { id: string }): Promise<string | null> =>
      (await server.json('/v1/keys')).body.keys.find((key: { id: string }) => key.id === id).lastUsedAt;
    expect([await lastUse(used), await lastUse(never)]).toEqual([null, null]);
    const before = Date.now() - 1_000;
    await statusOf(`Bearer ${used.secret}`);
    await statusOf(`Bearer ${never.secret.slice(0, -1)}`);
    await expect.poll(() => lastUse(used)).not.toBeNull();
    const first = await lastUse(used);
    expect(Date.parse(first ?? '')).toBeGreaterThan(before);
    await statusOf(`Bearer ${used.secret}`);
    expect([await lastUse(used), await lastUse(never)]).toEqual([first, null]);
    // The last use was an hour ago.
    await database.query("update api_key set last_used_at = now() - interval '1 hour' where id = $1", [
      used.id,
    ]);
    const usedAgain = async (): Promise<boolean> => {
      await statusOf(`Bearer ${used.secret}`);
      return Date.parse((await lastUse(used)) ?? '') >= before;
    };
    await expect.poll(usedAgain).toBe(true);
  });

  test('no key and no token is in the log, in a list or in the audit ledger', async () => {
    const { id, secret: key } = await makeKey(server, { scopes: ['read', 'admin'] });
    const made = await token();
    await statusOf(`Bearer ${key}`, `/v1/events/${key}`);
    await statusOf(`Bearer ${made}`, '/v1/nowhere');
    const listed = JSON.stringify((await server.json('/v1/keys')).body);
    const audited = JSON.stringify(
      (await server.json('/v1/events?ledger=audit&limit=1000&action=key.create')).body,
    );
    expect(listed).toContain(id);
    expect(audited).toContain(id);
    for (const text of [listed, audited, server.log()]) {
      expect(text).not.toContain(key.split('_')[3]);
      expect(text).not.toContain(made.split('.')[2]);
    }
    expect(readFileSync(`${server.dataDirectory}/keys/master`, 'utf8')).not.toContain(key);
  });
});
