import { afterAll, beforeAll, expect, test } from 'vitest';
import { inviteUser, type SignedInUser } from '../support/signed-in-user.ts';
import { makeTenant, type TenantWithEvents } from '../support/tenant-with-events.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

/** No other text of the test contains these. */
const canary = { own: 'canaryownami', other: 'canaryotherzed', foreign: 'canarybravo' };
const roles = ['owner', 'administrator', 'auditor', 'analyst', 'viewer', 'ingest'] as const;
type Role = (typeof roles)[number] | 'anonymous';
const allowed: Record<string, readonly Role[]> = {
  any: roles,
  read: ['owner', 'administrator', 'auditor', 'analyst', 'viewer'],
  'read.all': ['owner', 'administrator', 'auditor', 'analyst'],
  ingest: ['ingest'],
  admin: ['owner', 'administrator'],
  'users.manage': ['owner', 'administrator'],
  operator: [],
};

let server: TestServer;
let bravo: TenantWithEvents;
let people: Map<Role, SignedInUser>;
let bravosUser: SignedInUser;
let ids: Record<'own' | 'other', string>;
let routes: Route[];

interface Route {
  method: string;
  path: string;
  permission: string | undefined;
  parameters: string[];
}

beforeAll(async () => {
  server = await startTestServer();
  const alpha = await makeTenant(server, 'alpha', { canary: canary.other, ip: '198.51.100.1', count: 5 });
  bravo = await makeTenant(server, 'bravo', { canary: canary.foreign, ip: '203.0.113.77', count: 3 });
  const key = await operatorKey('alpha');
  people = new Map();
  for (const role of roles)
    people.set(
      role,
      await inviteUser(server, { role, ...(role === 'viewer' ? { hostId: canary.own } : {}) }, key),
    );
  bravosUser = await inviteUser(
    server,
    { role: 'auditor', name: canary.foreign },
    await operatorKey('bravo'),
  );
  const mine = await server.send(
    Array.from({ length: 4 }, () => ({
      action: 'document.read',
      actor: { id: canary.own, name: 'Own Name' },
      targets: [{ type: 'document', id: 'd1' }],
      correlationId: canary.own,
    })),
    { as: alpha.key },
  );
  await server.fetch(`/v1/directory/user/${canary.own}`, {
    method: 'PUT',
    body: '{"name":"own"}',
    headers: { 'content-type': 'application/json' },
    as: alpha.key,
  });
  ids = { own: mine.body.results[0].id, other: alpha.ids[0] ?? '' };
  routes = await routesOf();
});

afterAll(async () => {
  await server.dispose();
});

/** A key with all rights of an owner, because a caller can give only rights that they have. */
async function operatorKey(tenant: string): Promise<string> {
  const { body } = await server.json('/v1/keys', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'all', tenant, scopes: ['ingest', 'read', 'tree', 'admin', 'operator'] }),
  });
  return body.secret;
}

async function routesOf(): Promise<Route[]> {
  const { body } = await server.json('/openapi.json');
  return Object.entries<Record<string, any>>(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { description, parameters = [] }]) => ({
      method: method.toUpperCase(),
      path,
      permission: /Needs (?:the scope `([\w.]+)`|(any) credentials)/
        .exec(description ?? '')
        ?.slice(1)
        .find(Boolean),
      parameters: parameters
        .filter((parameter: any) => parameter.in === 'query')
        .map((parameter: any) => parameter.name),
    })),
  );
}

type Whose = 'own' | 'other' | 'foreign';

/** A path with ids of the caller's own things, of another person's in the tenant, or of another tenant's. */
function filled({ path, method }: Route, whose: Whose, person: SignedInUser | undefined): string {
  const users = { own: person?.id, other: people.get('owner')?.id, foreign: bravosUser.id };
  const events = { ...ids, foreign: bravo.ids[0] };
  const ledger = { own: 'alpha', other: 'alpha.audit', foreign: 'bravo' }[whose];
  const values: Record<string, string | undefined> = {
    id: path.startsWith('/v1/users')
      ? users[whose]
      : path.startsWith('/v1/directory')
        ? // Every caller may write a name of their own tenant, so this must not be a name of another.
          method === 'GET'
          ? canary[whose]
          : 'somebody'
        : path.startsWith('/v1/me')
          ? { own: 'none', other: 'none', foreign: bravosUser.session }[whose]
          : path.startsWith('/v1/keys')
            ? { own: 'none', other: 'none', foreign: bravo.keyId }[whose]
            : events[whose],
    ledger,
    type: 'user',
    kid: 'none',
    instance: 'AbCdEfGhIjKlMnOpQrStUv',
    path: whose === 'own' ? '0/000' : 'entries/000.p/1',
  };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? 'none'));
}

const questions: Record<string, readonly string[]> = {
  q: [
    '',
    canary.other,
    canary.foreign,
    `actor:${canary.other}`,
    '*:*',
    'module:*',
    '-action:x.y',
    `"${canary.other}"`,
  ],
  ledger: ['alpha', 'alpha.extra', 'alpha.audit', 'bravo', 'bravo.audit'],
  actor: [canary.own, canary.other, canary.foreign],
  fields: ['action,actor,module,subject,changes.path,attributes.zone', `attributes.${canary.other}`],
  by: ['module', 'outcome', 'actor'],
  count: ['true'],
  action: [`${canary.other}.write`, `${canary.foreign}.write`, '*'],
  subject: [canary.other, canary.foreign],
  module: [canary.other, canary.foreign],
  target: [`${canary.other}/${canary.other}`, `${canary.foreign}/${canary.foreign}`],
  correlationId: [canary.other, canary.foreign],
  sessionId: [canary.other, canary.foreign],
  ip: ['198.51.100.1', '203.0.113.77'],
  // Cursors of other ledgers, with guessed numbers of the ledgers.
  cursor: [2, 4, 5, 7].map((ledger) =>
    Buffer.from(JSON.stringify([Date.now() + 1_000, ledger, 3, 0])).toString('base64url'),
  ),
};

function queriesOf(route: Route): string[] {
  const base = new URLSearchParams();
  if (route.parameters.includes('fields')) base.set('fields', 'action,actor');
  if (route.parameters.includes('interval')) base.set('interval', 'day');
  const queries = [base.toString()];
  for (const name of route.parameters)
    for (const value of questions[name] ?? []) {
      const query = new URLSearchParams(base);
      query.set(name, value);
      queries.push(query.toString());
    }
  return queries;
}

interface Case {
  route: Route;
  role: Role;
  whose: Whose;
  place: string;
}

interface Answer {
  status: number;
  text: string;
}

async function ask({ route, role, place }: Case): Promise<Answer> {
  const person = role === 'anonymous' ? undefined : people.get(role);
  const abort = new AbortController();
  const body = route.method === 'POST' || route.method === 'PUT' ? { body: '{"nobody":"knows this"}' } : {};
  const options = { method: route.method, signal: abort.signal, ...body };
  const response = await (person
    ? person.fetch(place, options)
    : fetch(server.url + place, { ...options, redirect: 'manual' }));
  if (!response.headers.get('content-type')?.startsWith('text/event-stream'))
    return { status: response.status, text: await response.text() };
  let text = '';
  setTimeout(() => abort.abort(), 150);
  try {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
  } catch {
    // The test itself ended the stream.
  }
  return { status: response.status, text };
}

/** The hidden words that an answer shows. Words of the question do not count, because an answer may repeat them. */
function leaks({ role, place }: Case, { text }: Answer): string[] {
  const asked = decodeURIComponent(place.replaceAll('+', ' '));
  const hidden =
    role === 'viewer' || role === 'ingest' || role === 'anonymous'
      ? [canary.foreign, canary.other]
      : [canary.foreign];
  // Entries of the audit ledger repeat the URLs of the questions.
  const withoutUrls = text.replaceAll(/"url":"[^"]*"/g, '');
  return hidden.filter((word) => !asked.includes(word) && withoutUrls.includes(word));
}

function wrong(attempt: Case, answer: Answer): string | undefined {
  const { route, role, whose } = attempt;
  const summary = `${role} ${route.method} ${attempt.place} → ${answer.status} ${answer.text.slice(0, 300)}`;
  const leaked = leaks(attempt, answer);
  if (leaked.length > 0) return `leaks ${leaked.join(', ')}: ${summary}`;
  if (route.permission === undefined) return undefined;
  if (role === 'anonymous') return answer.status === 401 ? undefined : `not 401: ${summary}`;
  const may = allowed[route.permission]?.includes(role) ?? false;
  if (!may) return answer.status === 403 ? undefined : `not 403: ${summary}`;
  const names =
    /\{(?!kid|instance)/.test(route.path) &&
    !(route.path.startsWith('/v1/directory') && route.method !== 'GET');
  const unknown = [400, 403, 404, 413, 422];
  if (names && whose === 'foreign')
    return unknown.includes(answer.status) ? undefined : `reached: ${summary}`;
  if (names && whose === 'other' && role === 'viewer')
    return unknown.includes(answer.status) ? undefined : `reached: ${summary}`;
  return answer.status < 500 ? undefined : `failed: ${summary}`;
}

test('X8 F-09 every route × role × {own, another’s, another tenant’s}: nobody sees or changes more than their grant allows', async () => {
  const cases: Case[] = [];
  for (const route of routes)
    for (const role of [...roles, 'anonymous'] as const)
      for (const whose of ['own', 'other', 'foreign'] as const) {
        // Routes that would end the sessions or accounts of the test's people are called only for others.
        const ends = route.method === 'DELETE' && /^\/v1\/(users|me)/.test(route.path);
        const may = allowed[route.permission ?? '']?.includes(role) ?? false;
        if (ends && may && whose !== 'foreign') continue;
        if (ends && may && !route.path.includes('{')) continue;
        const place = filled(route, whose, people.get(role as (typeof roles)[number]));
        const queries = route.method === 'GET' ? queriesOf(route) : [''];
        const some = whose === 'own' || route.path.includes('{') ? queries : [];
        for (const query of some)
          cases.push({ route, role, whose, place: query === '' ? place : `${place}?${query}` });
      }
  expect(cases.length).toBeGreaterThan(1_500);
  const faults: string[] = [];
  const next = cases[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const attempt of next) {
      const fault = wrong(attempt, await ask(attempt));
      if (fault !== undefined) faults.push(fault);
    }
  };
  await Promise.all(Array.from({ length: 12 }, worker));
  expect(faults).toEqual([]);
});

test("X8 the answer for another person's entry is the same as for an entry that does not exist", async () => {
  const viewer = people.get('viewer');
  const missing = '01900000-0000-7000-8000-000000000000';
  for (const id of [ids.other, bravo.ids[0] ?? '']) {
    for (const part of ['', '/related', '/proof']) {
      const [there, nowhere] = await Promise.all([
        viewer?.json(`/v1/events/${id}${part}`),
        viewer?.json(`/v1/events/${missing}${part}`),
      ]);
      const plain = (body: any, name: string): string =>
        JSON.stringify({ ...body, correlationId: '' }).replaceAll(name, 'ID');
      expect(plain(there?.body, id)).toBe(plain(nowhere?.body, missing));
    }
  }
});

test('X8 a caller who sees only their own entries gets no tree, no sizes, no audit ledger, and no record of others in the directory', async () => {
  const viewer = people.get('viewer');
  const statusOf = async (place: string): Promise<number | undefined> => (await viewer?.fetch(place))?.status;
  for (const place of ['checkpoint', 'tile/0/000', 'tile/entries/000.p/4'])
    expect(await statusOf(`/v1/tlog/alpha/${place}`), place).toBe(403);
  expect(await statusOf('/v1/events?ledger=audit')).toBe(404);
  expect(await statusOf('/v1/sources')).toBe(403);
  expect(await statusOf(`/v1/directory/user/${canary.own}`)).toBe(200);
  expect(await statusOf(`/v1/directory/user/${canary.other}`)).toBe(404);
  const ledgers = await viewer?.json('/v1/ledgers');
  expect(JSON.stringify(ledgers?.body)).not.toContain('audit');
});

test('X14 each route that changes something refuses a cookie that another site sends, in six ways', async () => {
  const owner = people.get('owner');
  const other = people.get('administrator');
  if (!owner || !other) throw new Error('nobody');
  const changing = routes.filter(({ method, permission }) => method !== 'GET' && permission !== undefined);
  const ways: Record<string, Record<string, string>> = {
    'no token': { 'x-csrf-token': '' },
    'another token': { 'x-csrf-token': other.csrf },
    'a token but for a letter': { 'x-csrf-token': `${owner.csrf.slice(0, -1)}~` },
    'another origin': { origin: 'https://evil.example' },
    'the origin null': { origin: 'null' },
    'a site that says so': { 'sec-fetch-site': 'cross-site' },
  };
  let asked = 0;
  for (const route of changing) {
    const role = (['owner', 'ingest'] as const).find((name) =>
      allowed[route.permission ?? '']?.includes(name),
    );
    const person = role && people.get(role);
    if (!person) continue;
    for (const [way, headers] of Object.entries(ways)) {
      const place = filled(route, 'own', person);
      const forged =
        way === 'a token but for a letter' ? { 'x-csrf-token': `${person.csrf.slice(0, -1)}~` } : headers;
      const answer = await person.fetch(place, { method: route.method, body: '{}', headers: forged });
      expect({ place, way, status: answer.status }).toEqual({ place, way, status: 403 });
      asked++;
    }
  }
  expect(asked).toBeGreaterThan(100);
  // No call had an effect, and the same session still works from its own page.
  expect((await owner.json('/v1/me')).status).toBe(200);
});

test('X14 forms of other sites are refused, also where nobody is signed in', async () => {
  for (const path of ['/app/sign-in', '/app/sign-in/code', '/app/sign-out', '/app/link', '/app/forgot'])
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const answer = await fetch(server.url + path, {
        method: 'POST',
        body: new URLSearchParams({ a: 'b' }),
        headers,
      });
      expect({ path, headers, status: answer.status }).toEqual({ path, headers, status: 403 });
    }
});

test('X14 no GET changes anything: keys, users and ledgers are as before', async () => {
  const owner = people.get('owner');
  const [keys, users, ledgers] = await Promise.all(
    ['/v1/keys', '/v1/users', '/v1/ledgers'].map(async (place) => (await owner?.json(place))?.body),
  );
  expect(keys.keys).toHaveLength(2);
  expect(users.users).toHaveLength(roles.length);
  expect(ledgers.ledgers).toHaveLength(3);
});
