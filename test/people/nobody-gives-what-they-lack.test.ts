import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inviteUser, type SignedInUser } from '../support/signed-in-user.ts';
import { makeKey } from '../support/tenant-with-events.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const json = { 'content-type': 'application/json' };
const everyScope = ['ingest', 'read', 'tree', 'admin', 'operator'];
const viewerKey = {
  issuer: 'https://shop.example.com',
  algorithm: 'HS256',
  key: Buffer.alloc(32, 7).toString('base64url'),
};
let server: TestServer;
/** Of all ledgers, and of one ledger. */
let whole: { id: string; secret: string };
let limited: { id: string; secret: string };
let owner: SignedInUser;
let administrator: SignedInUser;

beforeAll(async () => {
  server = await startTestServer();
  expect((await send('POST', '/v1/ledgers', { name: 'extra' })).status).toBe(201);
  whole = await makeKey(server, { scopes: everyScope });
  limited = await makeKey(server, { scopes: everyScope, ledgers: ['default.extra'] });
  owner = await inviteUser(server, { role: 'owner' });
  administrator = await inviteUser(server, { role: 'administrator' });
  expect((await send('PUT', '/v1/viewer-keys/shop', viewerKey)).status).toBe(200);
  expect((await send('PUT', '/v1/directory/user/ana', { name: 'Ana' })).status).toBe(204);
});

afterAll(() => server?.dispose());

function send(
  method: string,
  path: string,
  body?: unknown,
  as?: string,
): Promise<{ status: number; body: any }> {
  return server.json(path, {
    method,
    headers: json,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(as === undefined ? {} : { as }),
  });
}

const statusOf = async (...call: Parameters<typeof send>): Promise<number> => (await send(...call)).status;

describe('F-09 a key that is limited to one ledger, with every scope,', () => {
  test.each<[string, string, unknown?]>([
    ['GET', '/v1/users'],
    ['GET', '/v1/users/{user}'],
    ['GET', '/v1/users/{user}/sessions'],
    ['POST', '/v1/users', { email: 'x@example.com', name: 'X', role: 'viewer' }],
    ['PUT', '/v1/users/{user}', { name: 'Y' }],
    ['POST', '/v1/users/{user}/link', { removeCodes: true }],
    ['DELETE', '/v1/users/{user}/sessions'],
    ['DELETE', '/v1/users/{user}'],
    ['GET', '/v1/viewer-keys'],
    ['PUT', '/v1/viewer-keys/shop', viewerKey],
    ['DELETE', '/v1/viewer-keys/shop'],
    ['GET', '/v1/directory/user/ana'],
    ['PUT', '/v1/directory/user/ana', { name: 'Eve' }],
    ['DELETE', '/v1/directory/user/ana'],
    ['POST', '/v1/ledgers', { name: 'more' }],
    ['GET', '/v1/tenants'],
    ['POST', '/v1/tenants', { name: 'mine' }],
    ['GET', '/v1/sources'],
    ['POST', '/v1/retention/run', { dryRun: true }],
    ['POST', '/v1/keys', { name: 'x', scopes: ['read'], tenant: 'another' }],
  ])('does nothing to what is the tenant’s: %s %s', async (method, path, body) => {
    const place = path.replace('{user}', administrator.id);
    expect(await statusOf(method, place, body, limited.secret)).toBe(403);
  });

  test('sees and revokes no key beyond its ledger, and its own ones as before', async () => {
    const made = await send('POST', '/v1/keys', { name: 'own', scopes: ['read'] }, limited.secret);
    expect(made.body.key.ledgers).toEqual(['default.extra']);
    const { keys } = (await send('GET', '/v1/keys', undefined, limited.secret)).body;
    const ids = keys.map(({ id }: { id: string }) => id);
    expect(new Set(ids)).toEqual(new Set([limited.id, made.body.key.id]));
    expect(ids).toHaveLength(2);
    const beyond = await send('DELETE', `/v1/keys/${whole.id}`, undefined, limited.secret);
    const nowhere = await send('DELETE', '/v1/keys/0123456789abcdef', undefined, limited.secret);
    expect([beyond.status, nowhere.status]).toEqual([404, 404]);
    expect({ ...beyond.body, correlationId: '' }).toEqual({ ...nowhere.body, correlationId: '' });
    expect(await statusOf('DELETE', `/v1/keys/${made.body.key.id}`, undefined, limited.secret)).toBe(204);
  });

  test('maintains its own ledger only, also as an operator', async () => {
    const rebuilt = await send('POST', '/v1/projections/rebuild', { projection: 'rollups' }, limited.secret);
    expect(rebuilt.body.ledgers.map(({ ledger }: { ledger: string }) => ledger)).toEqual(['default.extra']);
    const recent = await send('GET', '/v1/recent', undefined, limited.secret);
    expect(recent.body.ledgers.map(({ ledger }: { ledger: string }) => ledger)).toEqual(['default.extra']);
  });

  test('has changed nothing by all that', async () => {
    expect(await statusOf('GET', '/v1/me', undefined, whole.secret)).toBe(200);
    expect((await send('GET', '/v1/viewer-keys')).body.viewerKeys).toHaveLength(1);
    // These two, and the first owner, who is invited.
    expect((await send('GET', '/v1/users')).body.users).toHaveLength(3);
    expect((await send('GET', '/v1/directory/user/ana')).body.fields).toEqual({ name: 'Ana' });
    expect(await administrator.json('/v1/me')).toMatchObject({ status: 200 });
  });
});

describe('F-09 nobody gives away, or to themselves, what they do not have:', () => {
  test('an administrator whose scope is one module makes no key, sees none and revokes none', async () => {
    const narrow = await inviteUser(server, { role: 'administrator', scope: 'modules', modules: ['sales'] });
    const make = { method: 'POST', body: JSON.stringify({ name: 'x', scopes: ['read'] }) };
    expect((await narrow.json('/v1/keys', make)).status).toBe(403);
    expect((await narrow.json('/v1/keys')).status).toBe(403);
    expect((await narrow.fetch(`/v1/keys/${whole.id}`, { method: 'DELETE' })).status).toBe(403);
    expect((await narrow.json('/v1/ledgers', { method: 'POST', body: '{"name":"mine"}' })).status).toBe(403);
  });

  test('a key of a host carries no role beyond its maker, and never that of an owner', async () => {
    const few = await makeKey(server, { scopes: ['read', 'admin'] });
    const put = (roles: unknown, as: string): Promise<number> =>
      statusOf('PUT', '/v1/viewer-keys/more', { ...viewerKey, roles }, as);
    expect(await put(['viewer', 'analyst'], few.secret)).toBe(200);
    for (const roles of [null, ['auditor'], ['ingest'], ['gerente'], ['owner']])
      expect([roles, await put(roles, few.secret)]).toEqual([roles, 403]);
    expect(await put(['owner'], server.key)).toBe(403);
    expect(await put(['gerente'], server.key)).toBe(200);
    expect(await put(null, server.key)).toBe(200);
    const body = JSON.stringify({ ...viewerKey, roles: ['owner'] });
    expect((await owner.json('/v1/viewer-keys/more', { method: 'PUT', body })).status).toBe(403);
  });

  test('a key that ends makes no key that ends later', async () => {
    const end = new Date(Date.now() + 3_600_000).toISOString();
    const ends = await makeKey(server, { scopes: ['read', 'admin'], expiresAt: end });
    const make = (expiresAt?: string): ReturnType<typeof send> =>
      send('POST', '/v1/keys', { name: 'x', scopes: ['read'], expiresAt }, ends.secret);
    expect((await make()).body.key.expiresAt).toBe(end);
    const later = await make(new Date(Date.now() + 7_200_000).toISOString());
    expect([later.status, later.body.parameter]).toEqual([403, 'expiresAt']);
  });

  test('a key that is valid in one network makes no account and no link', async () => {
    const near = await makeKey(server, { scopes: everyScope, addresses: ['127.0.0.0/8'] });
    const invited = { email: 'far@example.com', name: 'Far', role: 'viewer' };
    expect(await statusOf('POST', '/v1/users', invited, near.secret)).toBe(403);
    expect(await statusOf('POST', `/v1/users/${administrator.id}/link`, {}, near.secret)).toBe(403);
  });

  test('an administrator takes no permission of a pack, from themselves or by the link of a person who has it', async () => {
    const special = await inviteUser(server, { role: 'auditor', permissions: ['closing.approve'] });
    const put = (who: SignedInUser, id: string, change: unknown): Promise<number> =>
      who
        .json(`/v1/users/${id}`, { method: 'PUT', body: JSON.stringify(change) })
        .then(({ status }) => status);
    const permissions = ['closing.approve'];
    expect(await put(administrator, administrator.id, { permissions })).toBe(403);
    const link = { method: 'POST', body: '{}' };
    expect((await administrator.json(`/v1/users/${special.id}/link`, link)).status).toBe(403);
    expect(await put(administrator, special.id, { name: 'As before', permissions })).toBe(200);
    expect(await put(administrator, special.id, { state: 'disabled' })).toBe(200);
    expect(await put(owner, administrator.id, { permissions })).toBe(200);
    expect(await put(administrator, special.id, { state: 'active' })).toBe(200);
    expect(await put(administrator, administrator.id, { role: 'owner' })).toBe(403);
  });

  test('an administrator of a tenant cannot revoke the key of an operator', async () => {
    const few = await makeKey(server, { scopes: ['read', 'admin'] });
    expect(await statusOf('DELETE', `/v1/keys/${whole.id}`, undefined, few.secret)).toBe(403);
    expect((await administrator.fetch(`/v1/keys/${whole.id}`, { method: 'DELETE' })).status).toBe(403);
    expect(await statusOf('GET', '/v1/me', undefined, whole.secret)).toBe(200);
  });
});
