import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmbedded, type PackInstallation } from './support/pack-installation.ts';
import { makeKey } from './support/tenant-with-events.ts';
import type { TestServer } from './support/test-server.ts';

const activities = '/api/contabilidad/logs-actividad/';
const activity = {
  cliente_id: 12,
  periodo: '2026-02',
  tarjeta: 'clasificacion',
  accion: 'upload',
  descripcion: 'Archivo subido',
  usuario: 7,
};
const event = { action: 'order.pay', actor: { id: 'ana' } };
const fields = { username: 'ana', es_exitoso: true };

/** Every address to which events are sent, with a body, and the same with another text. */
const writes = [
  ['/v1/events', event, { ...event, description: 'other' }],
  ['/v1/events', [event, { ...event, action: 'order.ship' }], [{ ...event, action: 'order.x' }, event]],
  [activities, activity, { ...activity, descripcion: 'Otro' }],
  ['/v1/packs/accounting-closing/registrarActividadTarjeta', activity, { ...activity, descripcion: 'Otro' }],
  ['/v1/packs/condominium/registrarLogin', fields, { ...fields, es_exitoso: false }],
] as const;

let installation: PackInstallation;
let server: TestServer;
beforeAll(async () => {
  installation = await startEmbedded();
  server = await installation.tenant('envios');
  for (const [type, id, record] of [
    ['user', '7', { nombre: 'Ana Torres' }],
    ['client', '12', { nombre: 'Comercial Sur' }],
    ['closing', '12/2026-02', { estado: 'en_proceso' }],
  ] as const) {
    const address = `/v1/directory/${type}/${encodeURIComponent(id)}`;
    const { status } = await server.json(address, { method: 'PUT', body: JSON.stringify(record) });
    expect(status).toBe(204);
  }
});
afterAll(() => installation?.dispose());

const send = (path: string, body: unknown, key: string): ReturnType<TestServer['json']> =>
  server.json(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });

async function stored(): Promise<number> {
  const { body } = await server.json('/v1/events?count=true&limit=1');
  const packLedgers = (await server.json('/v1/ledgers')).body.ledgers.length;
  expect(packLedgers).toBe(2);
  return body.count;
}

test('F-02 the same Idempotency-Key stores the events of a request once, whatever its form and wherever they are sent', async () => {
  const keys = [
    'order 1042/á'.normalize('NFD').replaceAll(/[^ -~]/g, ''),
    randomUUID(),
    '7',
    'x'.repeat(255),
  ];
  for (const [position, [path, body, other]] of writes.entries()) {
    const count = Array.isArray(body) ? body.length : 1;
    for (const text of keys) {
      // One address is there twice: its requests have other keys.
      const key = position === 0 ? randomUUID() + text.slice(36) : text;
      const before = await stored();
      const answers = await Promise.all(Array.from({ length: 5 }, () => send(path, body, key)));
      const wrong = answers.filter(({ status }) => status >= 300);
      expect(wrong, `${path} ${key}`).toEqual([]);
      expect((await stored()) - before, `${path} ${key}`).toBe(count);
      const conflict = await send(path, other, key);
      expect([409, 422], `${path} ${JSON.stringify(conflict.body)}`).toContain(conflict.status);
      expect((await stored()) - before).toBe(count);
    }
  }
});

test('F-02 an Idempotency-Key counts for ever: after a restart too, for each address and tenant apart', async () => {
  const [path, body] = writes[0];
  const first = await send(path, body, 'for ever');
  await installation.server.stop();
  await installation.server.restart();
  expect((await send(path, body, 'for ever')).body).toMatchObject({
    duplicates: 1,
    results: [{ id: first.body.results[0].id }],
  });
  const elsewhere = await send('/v1/packs/condominium/registrarLogin', fields, 'for ever');
  expect(elsewhere.body).toMatchObject({ accepted: 1 });
  const neighbour = await installation.tenant('vecinos');
  const theirs = await neighbour.json(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'idempotency-key': 'for ever' },
  });
  expect(theirs.body).toMatchObject({ accepted: 1 });
});

test('F-02 an id that an event brings counts more than the key, and a key that cannot be one is refused by name', async () => {
  const id = '01997d4c-1111-7abc-8000-000000000001';
  const sent = await send('/v1/events', [{ ...event, id }, event], 'mixed');
  expect(sent.body.results[0]).toMatchObject({ id });
  expect((await send('/v1/events', [{ ...event, id }, event], 'mixed')).body).toMatchObject({
    duplicates: 2,
  });
  const own = '01997d4c-1111-7abc-8000-000000000002';
  expect((await send('/v1/events', event, own)).body.results[0]).toMatchObject({ id: own });
  for (const key of ['x'.repeat(256), 'tab\tkey'])
    expect(await send('/v1/events', event, key)).toMatchObject({
      status: 400,
      body: { parameter: 'Idempotency-Key' },
    });
});

interface Operation {
  path: string;
  parameters: string[];
}

/** The reading routes of all packs, as the server describes them. */
async function reads(): Promise<Operation[]> {
  const { body } = await server.json('/openapi.json');
  const paths: [string, any][] = Object.entries(body.paths);
  return paths
    .filter(([path, methods]) => path.startsWith('/api/') && methods.get !== undefined)
    .map(([path, { get }]) => ({
      path: path.replaceAll(/\{\w+\}/g, '1'),
      parameters: (get.parameters ?? []).filter((one: any) => one.in === 'query').map((one: any) => one.name),
    }));
}

test('A-07 C-04 in every reading route of every pack an empty parameter is no filter, and the final slash may be left out', async () => {
  const all = await reads();
  expect(all.length).toBeGreaterThan(8);
  for (const { path, parameters } of all) {
    const plain = await server.fetch(path);
    const text = await plain.text();
    const empty = parameters.map((name) => `${name}=`).join('&');
    const bare = path.replace(/\/$/, '');
    for (const address of [`${path}?${empty}`, bare, `${bare}?${empty}`]) {
      const answer = await server.fetch(address);
      expect([address, answer.status]).toEqual([address, plain.status]);
      if (plain.status === 200 && !/ahora|now|fecha_generacion|generado/.test(text))
        expect((await answer.text()).length, address).toBe(text.length);
    }
  }
});

test('A-07 C-04 strangers and callers without the right are refused before a parameter is looked at', async () => {
  const { secret } = await makeKey(installation.server, { tenant: 'envios', scopes: ['ingest'] });
  for (const { path } of await reads()) {
    const address = `${path}?no_such_parameter=1`;
    expect([path, (await fetch(server.url + address)).status]).toEqual([path, 401]);
    expect([path, (await server.fetch(address, { as: secret })).status]).toEqual([path, 403]);
  }
});

test('A-07 C-04 the refusals of loggers have the member and the language of their pack', async () => {
  const wrong = await server.json('/v1/packs/accounting-closing/registrarActividadTarjeta', {
    method: 'POST',
    body: JSON.stringify({ ...activity, descripcion: 7 }),
  });
  expect(wrong.status).toBe(422);
  expect(wrong.body.error).toMatch(/^El registro no es válido: \w+/);
  const unreadable = await server.json('/v1/packs/condominium/registrarLogin', {
    method: 'POST',
    body: '{',
  });
  expect(unreadable).toMatchObject({
    status: 400,
    body: { detail: 'El cuerpo de la solicitud no se puede leer.' },
  });
  const stranger = await fetch(`${server.url}/v1/packs/accounting-closing/registrarActividadTarjeta`, {
    method: 'POST',
  });
  expect(await stranger.json()).toMatchObject({ error: 'No autenticado' });
});
