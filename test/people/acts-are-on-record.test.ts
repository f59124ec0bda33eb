import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  cookieOf,
  goodPassword,
  inviteUser,
  postForm,
  signInWith,
  type SignedInUser,
} from '../support/signed-in-user.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const json = { 'content-type': 'application/json' };
let server: TestServer;
let owner: SignedInUser;
/** The names of the recorded acts. */
let acts = 0;

beforeAll(async () => {
  server = await startTestServer();
  owner = await inviteUser(server, { role: 'owner', permissions: ['operator'] });
});

afterAll(async () => {
  await server.dispose();
});

interface Recorded {
  action: string;
  actor: { type: string; id: string };
  outcome: string;
  targets?: { type: string; id: string }[];
  request?: { url: string };
}

/** The newest events of the audit ledger, oldest first; questions about entries are left out. */
async function recorded(tenant = 'default'): Promise<Recorded[]> {
  const { body } = await server.json(`/v1/events?ledger=${tenant}.audit&limit=1000&q=-action:entry.*`);
  return body.entries.map(({ event }: { event: Recorded }) => event).reverse();
}

/** Runs an act and expects exactly these events of this actor. */
async function expectActs(
  what: () => Promise<{ status: number }>,
  wanted: { status: number; actions: string[]; actor?: string },
): Promise<Recorded[]> {
  const before = (await recorded()).length;
  const { status } = await what();
  const found = (await recorded()).slice(before);
  expect({ status, actions: found.map(({ action }) => action) }).toEqual({
    status: wanted.status,
    actions: wanted.actions,
  });
  for (const { actor } of found) if (wanted.actor !== undefined) expect(actor.id).toBe(wanted.actor);
  acts += found.length;
  return found;
}

const send = (method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> =>
  owner.json(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
const scopes = ['ingest', 'read', 'tree', 'admin', 'operator'];
const roles = ['owner', 'administrator', 'auditor', 'analyst', 'viewer', 'ingest'];

describe('X24 F-09 each administrative act is exactly one event with the person who did it', () => {
  test('keys', async () => {
    for (const scope of scopes) {
      let id = '';
      const by = { actor: owner.id };
      await expectActs(
        async () => {
          const made = await send('POST', '/v1/keys', { name: scope, scopes: [scope] });
          id = made.body.key.id;
          return made;
        },
        { status: 201, actions: ['key.create'], ...by },
      );
      const [event] = await expectActs(() => send('DELETE', `/v1/keys/${id}`), {
        status: 204,
        actions: ['key.revoke'],
        ...by,
      });
      expect(event?.targets).toEqual([{ type: 'key', id }]);
    }
  });

  test('ledgers and viewer keys', async () => {
    for (const name of ['one', 'two', 'three'])
      await expectActs(() => send('POST', '/v1/ledgers', { name }), {
        status: 201,
        actions: ['ledger.create'],
      });
    for (const kid of ['a', 'b', 'c', 'a']) {
      const key = { issuer: 'https://x.example', algorithm: 'HS256', key: 'k'.repeat(43) };
      await expectActs(() => send('PUT', `/v1/viewer-keys/${kid}`, key), {
        status: 200,
        actions: ['viewer_key.put'],
      });
    }
    for (const kid of ['a', 'b', 'c'])
      await expectActs(() => send('DELETE', `/v1/viewer-keys/${kid}`), {
        status: 204,
        actions: ['viewer_key.remove'],
      });
  });

  test('users, from the invitation to the end', async () => {
    for (const role of roles) {
      let id = '';
      await expectActs(
        async () => {
          const made = await send('POST', '/v1/users', { email: `${role}@acts.example`, name: role, role });
          id = made.body.user.id;
          return made;
        },
        { status: 201, actions: ['user.invite'], actor: owner.id },
      );
      const put = (change: object, action: string): Promise<unknown> =>
        expectActs(() => send('PUT', `/v1/users/${id}`, change), { status: 200, actions: [action] });
      await put({ role: 'auditor', scope: 'modules', modules: ['m'] }, 'user.change');
      await put({ permissions: ['can_view_deletion_audit_logs'] }, 'user.change');
      await put({ state: 'disabled' }, 'user.disable');
      await put({ state: 'active' }, 'user.enable');
      await put({ state: 'disabled', name: 'Gone' }, 'user.disable');
      await expectActs(() => send('POST', `/v1/users/${id}/link`, {}), { status: 403, actions: [] });
      await expectActs(() => send('DELETE', `/v1/users/${id}/sessions`), {
        status: 204,
        actions: ['session.revoke'],
      });
      await expectActs(() => send('DELETE', `/v1/users/${id}`), { status: 204, actions: ['user.remove'] });
    }
  });

  test('what a person does: link, sign-in, failure, lock-out, password, codes, sign-out', async () => {
    const made = await send('POST', '/v1/users', {
      email: 'person@acts.example',
      name: 'P',
      role: 'auditor',
    });
    const { id } = made.body.user;
    const email = 'person@acts.example';
    let cookie = '';
    const keep = async (answer: Promise<Response>): Promise<Response> => {
      cookie = cookieOf(await answer) ?? cookie;
      return answer;
    };
    const secret = made.body.link.split('/').at(-1);
    const by = { actor: id };
    await expectActs(() => keep(postForm(server, '/app/link', { secret, password: goodPassword })), {
      status: 303,
      actions: ['user.activate', 'session.login'],
      ...by,
    });
    await expectActs(() => keep(signInWith(server, { email, password: goodPassword })), {
      status: 303,
      actions: ['session.login'],
      ...by,
    });
    await expectActs(() => signInWith(server, { email: 'nobody@acts.example', password: 'x' }), {
      status: 401,
      actions: ['session.login_failed'],
      actor: 'unknown',
    });
    for (let count = 1; count <= 10; count++)
      await expectActs(() => signInWith(server, { email, password: 'wrong wrong' }), {
        status: 401,
        actions: [count < 10 ? 'session.login_failed' : 'session.lock_out'],
        ...by,
      });
    // While the account is locked nothing more is recorded, so an attacker cannot fill the ledger.
    await expectActs(() => signInWith(server, { email, password: goodPassword }), {
      status: 429,
      actions: [],
    });
    const me = await (await fetch(`${server.url}/v1/me`, { headers: { cookie } })).json();
    const own = (method: string, path: string, body?: unknown): Promise<Response> =>
      fetch(server.url + path, {
        method,
        headers: { cookie, ...json, 'x-csrf-token': (me as { csrf: string }).csrf },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    await expectActs(() => own('POST', '/v1/me/totp'), { status: 201, actions: [] });
    await expectActs(() => own('PUT', '/v1/me/totp', { code: '000000' }), { status: 400, actions: [] });
    await expectActs(() => own('DELETE', '/v1/me/sessions'), {
      status: 204,
      actions: ['session.revoke'],
      ...by,
    });
    await expectActs(
      () => postForm(server, '/app/sign-out', { csrf: (me as { csrf: string }).csrf }, { cookie }),
      {
        status: 303,
        actions: ['session.logout'],
        ...by,
      },
    );
  });

  test('making a tenant is recorded in that tenant; a refused act is neither done nor recorded', async () => {
    await send('POST', '/v1/tenants', { name: 'acts' });
    const { body } = await server.json('/v1/keys', {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ name: 'reader', tenant: 'acts', scopes: ['read'] }),
    });
    const found = await server.json('/v1/events?ledger=acts.audit', { as: body.secret });
    expect(found.body.entries.map(({ event }: any) => event.action).sort()).toEqual([
      'key.create',
      'tenant.create',
    ]);
    const refused: [string, string, unknown][] = [
      ['POST', '/v1/keys', { name: 'x', scopes: [] }],
      ['POST', '/v1/tenants', { name: 'acts' }],
      ['POST', '/v1/ledgers', { name: 'one' }],
      ['DELETE', '/v1/keys/none', undefined],
      ['POST', '/v1/users', { email: 'no', name: 'x', role: 'auditor' }],
      ['PUT', `/v1/users/${owner.id}`, { role: 'king' }],
      ['DELETE', '/v1/users/none', undefined],
      ['PUT', '/v1/viewer-keys/x', { issuer: 'x', algorithm: 'none', key: 'x' }],
      ['DELETE', '/v1/viewer-keys/none', undefined],
    ];
    for (const [method, path, content] of refused) {
      const before = (await recorded()).length;
      expect((await send(method, path, content)).status).toBeGreaterThanOrEqual(400);
      expect((await recorded()).length).toBe(before);
    }
  });

  test('these were at least eighty acts', () => {
    expect(acts).toBeGreaterThanOrEqual(80);
  });
});

describe('X24 F-09 reads of others’ entries are recorded', () => {
  const reads = async (actor: string): Promise<Recorded[]> => {
    const { body } = await server.json('/v1/events?ledger=audit&limit=1000&q=action:entry.*');
    return body.entries.map(({ event }: any) => event).filter((event: Recorded) => event.actor.id === actor);
  };

  test('once in ten minutes for each viewer and question, for any page and order of its parameters', async () => {
    const auditor = await inviteUser(server, { role: 'auditor' });
    const { body } = await server.send({ action: 'a.b', actor: { id: 'ana' } });
    const id = body.results[0].id;
    for (const place of [
      '/v1/events?actor=ana&outcome=success',
      '/v1/events?outcome=success&actor=ana&limit=5',
      '/v1/events?outcome=success&actor=ana&limit=5&count=true&order=asc',
      '/v1/events?actor=luis',
      `/v1/events/${id}`,
      `/v1/events/${id}`,
      '/v1/facets?fields=action',
      '/v1/histogram?interval=day',
    ])
      expect((await auditor.fetch(place)).status).toBe(200);
    await expect.poll(async () => (await reads(auditor.id)).length).toBe(5);
    const found = await reads(auditor.id);
    expect(found.map(({ action, request }) => `${action} ${request?.url}`).sort()).toEqual([
      'entry.count /v1/facets?fields=action',
      'entry.count /v1/histogram?interval=day',
      'entry.search /v1/events?actor=ana&outcome=success',
      'entry.search /v1/events?actor=luis',
      `entry.view /v1/events/${id}`,
    ]);
  });

  test("reads of one's own entries are not recorded; each fetched proof is", async () => {
    const viewer = await inviteUser(server, { role: 'viewer', hostId: 'ana' });
    const { body } = await viewer.json('/v1/events');
    const id = body.entries[0].id;
    await viewer.fetch(`/v1/events/${id}`);
    const before = (await recorded()).filter(({ action }) => action === 'proof.download').length;
    for (let count = 0; count < 3; count++)
      expect((await viewer.fetch(`/v1/events/${id}/proof`)).status).toBe(200);
    const proofs = (await recorded()).filter(({ action }) => action === 'proof.download');
    expect(proofs.length).toBe(before + 3);
    expect(proofs.at(-1)?.actor.id).toBe(viewer.id);
    expect(await reads(viewer.id)).toEqual([]);
  });

  test('a person who reaches some modules or subjects reads others’ entries, and that is recorded too', async () => {
    for (const reach of [
      { role: 'auditor', scope: 'modules', modules: ['m'] },
      { role: 'analyst', scope: 'subjects', subjects: ['s'] },
    ]) {
      const narrow = await inviteUser(server, reach);
      expect((await narrow.fetch('/v1/events?actor=ana')).status).toBe(200);
      await expect
        .poll(async () => (await reads(narrow.id)).map(({ request }) => request?.url))
        .toEqual(['/v1/events?actor=ana']);
    }
  });

  test('reads just before the end of the server are recorded', async () => {
    const auditor = await inviteUser(server, { role: 'auditor' });
    expect((await auditor.fetch('/v1/events?actor=last')).status).toBe(200);
    await server.stop();
    await server.restart();
    expect((await reads(auditor.id)).map(({ request }) => request?.url)).toEqual(['/v1/events?actor=last']);
  });
});
