import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './support/test-server.ts';
import { waitUntil } from './support/wait-until.ts';

let server: TestServer;
let superuser: pg.Client;

beforeAll(async () => {
  server = await startTestServer();
  superuser = new pg.Client({ connectionString: server.superuserUrl() });
  await superuser.connect();
  await superuser.query('set search_path = bitacora');
});
afterAll(async () => {
  await superuser.end();
  await server.dispose();
});

const event = (extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  action: 'note.write',
  actor: { id: 'ana' },
  ...extra,
});

/** Sends a request, or only its head when `body` is empty, and disconnects before the answer. */
function hangUp(length: number, body: string, authorization: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', reject);
    socket.on('close', () => resolve());
    const head = `POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
    socket.write(head + body, () => setTimeout(() => socket.destroy(), 20));
  });
}

test('requests whose callers disconnect, and large bodies without a key, take no room from later requests', async () => {
  const large = JSON.stringify(Array.from({ length: 200 }, () => event({ description: 'x'.repeat(50_000) })));
  for (let round = 0; round < 10; round++) {
    await hangUp(Buffer.byteLength(large), large, `Bearer ${server.key}`);
    await hangUp(16_000_000, '', 'Bearer nobody');
  }
  const answers = await Promise.all(Array.from({ length: 8 }, () => server.send(event())));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 201));
});

test('F19 a body of just under 16 MiB is accepted, and a larger one is refused with 413 before it is parsed', async () => {
  const limit = 16 * 1024 * 1024;
  const lines = Array.from({ length: 300 }, () =>
    JSON.stringify(event({ attributes: { pad: 'x'.repeat(55_000) } })),
  );
  const text = `${lines.join('\n')}\n`;
  const send = (body: string): Promise<Response> =>
    server.fetch('/v1/events', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-ndjson' },
    });
  // Blank lines are no events; they only add bytes.
  const within = await send(text + '\n'.repeat(limit - text.length));
  expect(within.status).toBe(201);
  expect(await within.json()).toMatchObject({ accepted: 300 });
  const beyond = await send(text + '\n'.repeat(limit - text.length + 1));
  expect(beyond.status).toBe(413);
  expect(await beyond.json()).toMatchObject({ type: 'urn:bitacora:problem:body_too_large' });
});

test('an attribute with a very long name is found, and the index of its ledger continues', async () => {
  const name = randomBytes(1_500).toString('hex');
  await server.json('/v1/ledgers', { method: 'POST', body: '{"name":"names"}' });
  await server.send(event({ attributes: { [name]: 'here' } }), { ledger: 'names' });
  for (let sent = 0; sent < 17_000; sent += 1_000) {
    await server.send(
      Array.from({ length: 1_000 }, (_, n) => event({ target: { type: 'note', id: String(n) } })),
      { ledger: 'names' },
    );
  }
  await waitUntil('the span is stored', async () => {
    const found = await superuser.query(
      "select 1 from span s join ledger l on l.id = s.ledger where l.name = 'default.names'",
    );
    return found.rowCount === 1;
  });
  const { body } = await server.json(
    `/v1/events?ledger=names&count=true&q=${encodeURIComponent('target:note/999')}`,
  );
  expect(body.count).toBe(17);
  const facets = await server.json('/v1/facets?ledger=names&fields=target.type&q=target:note/5');
  expect(facets.body.facets['target.type']).toEqual([{ value: 'note', count: 17 }]);
});

test('a host id that is an e-mail address can be searched, and the index does not contain it', async () => {
  const email = 'olga.smirnova@example.org';
  const { body } = await server.send(event({ actor: { id: email, name: 'Olga' } }));
  const found = await server.json(`/v1/events?actor=${email}`);
  expect(found.body.entries.map(({ id }: { id: string }) => id)).toEqual([body.results[0].id]);
  expect(found.body.entries[0].event.actor.id).toBe(email);
  await waitUntil('rollups followed', async () => {
    const rows = await superuser.query(
      "select 1 from projection p join head h using (ledger) where p.name = 'rollups' and p.cursor < h.size",
    );
    return rows.rowCount === 0;
  });
  const clear = await superuser.query('select 1 from rollup where value = $1', [email]);
  expect(clear.rowCount).toBe(0);
  const facets = await server.json('/v1/facets?fields=actor');
  expect(JSON.stringify(facets.body)).not.toContain(email);
});

test('a key that is limited to a ledger makes keys only for this ledger', async () => {
  const scopes = ['admin', 'read', 'ingest'];
  const limited = await server.json('/v1/keys', {
    method: 'POST',
    body: JSON.stringify({ name: 'limited', scopes, ledgers: ['default'] }),
  });
  const as = limited.body.secret;
  const more = await server.json('/v1/keys', {
    method: 'POST',
    as,
    body: JSON.stringify({ name: 'more', scopes, ledgers: ['default.audit'] }),
  });
  expect(more.status).toBe(403);
  expect(more.body.parameter).toBe('ledgers');
  const same = await server.json('/v1/keys', {
    method: 'POST',
    as,
    body: JSON.stringify({ name: 'same', scopes: ['read'] }),
  });
  expect(same.body.key.ledgers).toEqual(['default']);
});

test('a histogram is split by a limited number of values, and the answer says so', async () => {
  await server.send(Array.from({ length: 300 }, (_, n) => event({ correlationId: `c${n}` })));
  const refused = await server.json('/v1/histogram?interval=hour&by=correlationId');
  expect(refused.status).toBe(400);
  expect(refused.body.parameter).toBe('by');
});
