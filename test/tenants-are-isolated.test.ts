import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKey, makeTenant, type TenantWithEvents } from './support/tenant-with-events.ts';
import { startTestServer, type TestServer } from './support/test-server.ts';
import { waitUntil } from './support/wait-until.ts';

const json = { 'content-type': 'application/json' };
const canaryOfB = 'canarybravo';
/** The number of B's events. No other number of the test has these digits. */
const countOfB = 731;
let server: TestServer;
let a: TenantWithEvents;
let b: TenantWithEvents;

beforeAll(async () => {
  server = await startTestServer();
  a = await makeTenant(server, 'alpha', { canary: 'canaryalpha', ip: '198.51.100.1', count: 7 });
  b = await makeTenant(server, 'bravo', { canary: canaryOfB, ip: '203.0.113.77', count: countOfB });
});

afterAll(async () => {
  await server.dispose();
});

interface Operation {
  method: string;
  path: string;
  scope: string | undefined;
}

async function operations(): Promise<Operation[]> {
  const { body } = await server.json('/openapi.json');
  return Object.entries<Record<string, { description?: string; security?: unknown[] }>>(body.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, { description }]) => ({
        method: method.toUpperCase(),
        path,
        scope: /Needs the scope `(\w+)`/.exec(description ?? '')?.[1],
      })),
  );
}

/** The text of an answer; for a stream the text of the first half second. */
async function ask(
  path: string,
  options: { method?: string; as: string; body?: string; headers?: Record<string, string> },
): Promise<{ status: number; text: string }> {
  const abort = new AbortController();
  const { body, ...rest } = options;
  const response = await server.fetch(path, {
    ...rest,
    redirect: 'manual',
    signal: abort.signal,
    ...(body === undefined ? {} : { body }),
  });
  if (!response.headers.get('content-type')?.startsWith('text/event-stream'))
    return { status: response.status, text: await response.text() };
  let text = '';
  setTimeout(() => abort.abort(), 500);
  try {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
  } catch {
    // The test itself ended the stream.
  }
  return { status: response.status, text };
}

function betrays(text: string): boolean {
  return (
    /bravo|203\.0\.113\.77/.test(text) ||
    new RegExp(`\\b(${countOfB}|${countOfB + 1}|${countOfB + 7})\\b`).test(text)
  );
}

test('F-09 no route shows a tenant anything of another, for any id or name of the other', async () => {
  const cursor = (await server.json('/v1/events?limit=5', { as: b.key })).body.next;
  const position = Buffer.from(
    JSON.stringify(Array.from({ length: 12 }, (_, ledger) => [ledger, 0])),
  ).toString('base64url');
  const values: Record<string, string[]> = {
    id: [b.ids[0] ?? '', b.keyId, canaryOfB],
    ledger: ['bravo', 'bravo.extra', 'bravo.audit'],
    type: ['user'],
    path: ['0/000', '0/000.p/1', 'entries/000', 'entries/000.p/1', '0/002', 'entries/002'],
  };
  const queries = [
    '',
    '?ledger=bravo',
    '?ledger=bravo.audit',
    `?cursor=${cursor}`,
    `?actor=${canaryOfB}`,
    `?q=${canaryOfB}`,
    '?ip=203.0.113.77',
    '?count=true',
    `?fields=action,actor,module,changes.path,attributes.zone`,
    `?fields=action&actor=${canaryOfB}`,
    '?fields=action&ledger=bravo',
    '?interval=day',
    '?interval=day&ledger=bravo',
    `?interval=day&by=module&q=${canaryOfB}`,
  ];
  let asked = 0;
  for (const { method, path, scope } of await operations()) {
    if (method !== 'GET' || scope === undefined) continue;
    for (const place of filled(path, values)) {
      for (const query of queries) {
        const { status, text } = await ask(place + query, {
          as: a.key,
          headers: { 'last-event-id': position },
        });
        asked++;
        // An answer may repeat words of the request.
        const ownWordsRemoved = text
          .replaceAll(canaryOfB, query.includes(canaryOfB) || place.includes(canaryOfB) ? '' : canaryOfB)
          .replaceAll(/there is no (ledger|event) \S+"/g, '');
        expect({ place, query, status, text, betrays: betrays(ownWordsRemoved) }).toEqual({
          place,
          query,
          status,
          text,
          betrays: false,
        });
        // Every id and name in these paths belongs to B, so A must get 404.
        if (path.includes('{') && query === '') expect({ place, status }).toEqual({ place, status: 404 });
      }
    }
  }
  expect(asked).toBeGreaterThan(200);
});

function filled(path: string, values: Record<string, string[]>): string[] {
  const name = /\{(\w+)\}/.exec(path)?.[1];
  if (name === undefined) return [path];
  return (values[name] ?? ['x']).flatMap((value) => filled(path.replace(`{${name}}`, value), values));
}

test('F-09 nothing can be written, changed or removed in another tenant', async () => {
  const attempts: [string, string, string | undefined][] = [
    ['POST', '/v1/events?ledger=bravo', '{"action":"a.b","actor":{"id":"x"}}'],
    ['POST', '/v1/events?ledger=bravo.audit', '{"action":"a.b","actor":{"id":"x"}}'],
    ['POST', '/v1/keys', '{"name":"k","scopes":["read"],"tenant":"bravo"}'],
    ['DELETE', `/v1/keys/${b.keyId}`, undefined],
  ];
  for (const [method, path, body] of attempts) {
    const { status } = await ask(path, {
      method,
      as: a.key,
      headers: json,
      ...(body === undefined ? {} : { body }),
    });
    expect({ path, status }).toEqual({ path, status: 404 });
  }
  expect(
    (await ask('/v1/tenants', { method: 'POST', as: a.key, headers: json, body: '{"name":"charlie"}' }))
      .status,
  ).toBe(403);
  expect(
    (
      await ask('/v1/keys', {
        method: 'POST',
        as: a.key,
        headers: json,
        body: '{"name":"k","scopes":["operator"]}',
      })
    ).status,
  ).toBe(403);
  // A may have a record of the same name; B's record does not change.
  expect(
    (
      await ask(`/v1/directory/user/${canaryOfB}`, {
        method: 'PUT',
        as: a.key,
        headers: json,
        body: '{"name":"mine"}',
      })
    ).status,
  ).toBe(204);
  expect((await ask(`/v1/directory/user/${canaryOfB}`, { method: 'DELETE', as: a.key })).status).toBe(204);
  const { body } = await server.json(`/v1/directory/user/${canaryOfB}`, { as: b.key });
  expect(body.fields).toEqual({ name: canaryOfB });
  // Instances of the same name in A and B are different instances.
  const report = (name: string): string =>
    JSON.stringify({
      name,
      sdk: 'x 1',
      state: 'open',
      submitted: 1,
      startedAt: '2026-03-01T00:00:00Z',
      sentAt: '2026-03-01T00:00:00Z',
    });
  const instance = '/v1/sources/AbCdEfGhIjKlMnOpQrStUv';
  for (const [as, name] of [
    [b.key, canaryOfB],
    [a.key, 'mine'],
  ] as const)
    expect((await ask(instance, { method: 'PUT', as, headers: json, body: report(name) })).status).toBe(204);
  for (const [as, name] of [
    [b.key, canaryOfB],
    [a.key, 'mine'],
  ] as const)
    expect((await server.json('/v1/sources', { as })).body.sources).toMatchObject([{ name }]);
  // A key that is limited to names of another tenant's ledgers reaches nothing.
  const { body: made } = await server.json('/v1/keys', {
    method: 'POST',
    as: a.key,
    headers: json,
    body: '{"name":"k","scopes":["read"],"ledgers":["bravo"]}',
  });
  expect(betrays((await ask('/v1/events?count=true', { as: made.secret })).text)).toBe(false);
  // The same event id in two tenants is two events.
  const event = { id: b.ids[0], action: 'a.b', actor: { id: 'x' } };
  expect(await server.send(event, { as: a.key })).toMatchObject({
    status: 201,
    body: { accepted: 1, duplicates: 0 },
  });
  const page = await server.json('/v1/events?count=true&limit=1', { as: b.key });
  expect(page.body.count).toBe(countOfB + 1);
});

describe('F-09 the database itself separates them', () => {
  let database: pg.Client;
  let tables: { table: string; column: 'ledger' | 'tenant' }[];

  beforeAll(async () => {
    database = new pg.Client({ connectionString: server.superuserUrl() });
    await database.connect();
    await database.query('set search_path = bitacora');
    const found = await database.query<{ table: string; column: 'ledger' | 'tenant' }>(
      `select c.relname as table, a.attname as column from pg_class c join pg_attribute a on a.attrelid = c.oid
       where c.relnamespace = 'bitacora'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
         and a.attname in ('ledger', 'tenant') and has_table_privilege('bitacora_reader', c.oid, 'select')`,
    );
    tables = found.rows;
  });

  afterAll(async () => {
    await database.end();
  });

  /** The number of a table's rows for each ledger or tenant that the server's reading login sees. */
  async function seen(
    table: string,
    column: string,
    scope: { tenant: string; ledgers: string },
  ): Promise<{ owner: number | string; rows: number }[]> {
    await database.query('begin');
    try {
      await database.query('set local role bitacora_reader');
      await database.query(
        "select set_config('bitacora.ledgers', $1, true), set_config('bitacora.tenant', $2, true)",
        [scope.ledgers, scope.tenant],
      );
      const found = await database.query(
        `select ${column} as owner, count(*)::integer as rows from ${table} group by 1`,
      );
      return found.rows;
    } finally {
      await database.query('rollback');
    }
  }

  test('in the scope of A each table shows only rows of A, and without a scope no rows', async () => {
    expect(tables.length).toBeGreaterThanOrEqual(10);
    const own = await database.query(
      "select t.id as tenant, array_agg(l.id) as ledgers, array_agg(l.name) as names from tenant t join ledger l on l.tenant = t.id where t.name = 'alpha' group by t.id",
    );
    const { tenant, ledgers, names } = own.rows[0];
    const allowed: unknown[] = [...ledgers, tenant, ...names, 'alpha'];
    let rows = 0;
    for (const { table, column } of tables) {
      const visible = await seen(table, column, { tenant: String(tenant), ledgers: ledgers.join() });
      const mine = column === 'tenant' ? [tenant] : [...ledgers, ...names];
      expect({ table, foreign: visible.filter(({ owner }) => !mine.includes(owner)) }).toEqual({
        table,
        foreign: [],
      });
      rows += visible.reduce((sum, part) => sum + part.rows, 0);
      expect({ table, rows: await seen(table, column, { tenant: '', ledgers: '' }) }).toEqual({
        table,
        rows: [],
      });
    }
    expect(rows).toBeGreaterThan(20);
    expect(allowed.length).toBeGreaterThan(3);
  });

  test('no login of the server can read or change a partition by its name, or another table through it', async () => {
    const leaves = await database.query(
      "select c.oid::regclass::text as leaf from pg_class c where c.relnamespace = 'bitacora'::regnamespace and c.relispartition and c.relkind = 'r'",
    );
    expect(leaves.rowCount).toBeGreaterThanOrEqual(3);
    for (const { leaf } of leaves.rows) {
      for (const role of ['bitacora_reader', 'bitacora_writer', 'bitacora_maintenance']) {
        for (const sql of [
          `select * from ${leaf}`,
          `update ${leaf} set ledger = ledger`,
          `delete from ${leaf}`,
          `truncate ${leaf}`,
        ]) {
          await database.query('begin');
          await database.query(`set local role ${role}`);
          await expect(database.query(sql), `${role}: ${sql}`).rejects.toThrow(/permission denied/);
          await database.query('rollback');
        }
      }
    }
  });
});

describe('F-09 keys reach as far as their scopes', () => {
  test('each route answers 403 to a key with every scope but its own, and 401 without a key', async () => {
    const all = ['ingest', 'read', 'tree', 'admin', 'operator'];
    const keys = new Map<string, string>();
    for (const scope of all)
      keys.set(scope, (await makeKey(server, { scopes: all.filter((name) => name !== scope) })).secret);
    let checked = 0;
    for (const { method, path, scope } of await operations()) {
      if (scope === undefined) continue;
      const place = path.replaceAll(/\{\w+\}/g, 'x');
      const body = method === 'POST' || method === 'PUT' ? { body: '{}', headers: json } : {};
      expect({
        method,
        path,
        status: (await ask(place, { method, as: keys.get(scope) ?? '', ...body })).status,
      }).toEqual({ method, path, status: 403 });
      expect({
        method,
        path,
        status: (await ask(place, { method, as: 'bta_live_nobody', ...body })).status,
      }).toEqual({ method, path, status: 401 });
      checked++;
    }
    expect(checked).toBeGreaterThan(15);
    expect((await ask('/v1/tlog/default/tile/entries/000', { as: keys.get('tree') ?? '' })).status).toBe(403);
  });

  test('a key for some ledgers sees only those', async () => {
    const { secret } = await makeKey(server, {
      tenant: 'bravo',
      scopes: ['read', 'ingest'],
      ledgers: ['bravo.extra'],
    });
    expect((await server.json('/v1/events?count=true', { as: secret })).body.count).toBe(1);
    expect((await server.json(`/v1/events/${b.ids[0]}`, { as: secret })).status).toBe(404);
    expect((await server.json('/v1/events?ledger=bravo', { as: secret })).status).toBe(404);
    expect(
      (await server.send({ action: 'a.b', actor: { id: 'x' } }, { as: secret, ledger: 'bravo' })).status,
    ).toBe(404);
    expect((await server.json('/v1/ledgers', { as: secret })).body.ledgers).toHaveLength(1);
  });

  test('a revoked key is refused at once, and an expiring key at its time', async () => {
    const revoked = await makeKey(server, { scopes: ['read'] });
    const expired = await makeKey(server, {
      scopes: ['read'],
      expiresAt: new Date(Date.now() + 1_500).toISOString(),
    });
    for (const { secret } of [revoked, expired])
      expect((await ask('/v1/ledgers', { as: secret })).status).toBe(200);
    expect((await ask(`/v1/keys/${revoked.id}`, { method: 'DELETE', as: server.key })).status).toBe(204);
    for (const { secret } of [revoked, expired])
      await waitUntil(
        'the end of the key',
        async () => (await ask('/v1/ledgers', { as: secret })).status === 401,
      );
    const listed = await server.json('/v1/keys');
    expect(JSON.stringify(listed.body)).not.toContain(revoked.secret);
    expect(listed.body.keys.find((key: { id: string }) => key.id === revoked.id).revokedAt).not.toBeNull();
  });

  test('an open tail ends when its key is revoked', async () => {
    const { id, secret } = await makeKey(server, { scopes: ['read'] });
    const response = await server.fetch('/v1/tail', { as: secret });
    await ask(`/v1/keys/${id}`, { method: 'DELETE', as: server.key });
    const reader = response.body?.getReader();
    let ended = false;
    void (async () => {
      while (!(await reader?.read())?.done);
      ended = true;
    })();
    await expect.poll(() => ended).toBe(true);
  });
});

test('F-09 only the server writes to an audit ledger, whatever a key may do', async () => {
  const forged = { action: 'key.revoke', actor: { type: 'service', id: 'x' } };
  for (const ledger of ['audit', 'default.audit']) {
    const { status, body } = await server.send(forged, { ledger });
    expect(status).toBe(403);
    expect(body.parameter).toBe('ledger');
  }
});
