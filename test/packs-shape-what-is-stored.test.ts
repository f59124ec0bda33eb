import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './support/test-server.ts';

const pack = fileURLToPath(new URL('../examples/pack-minimal/pack.ts', import.meta.url));
let server: TestServer;

const early = {
  id: '01930000-0000-7000-8000-000000000001',
  action: 'book.lend',
  actor: { id: 'eva' },
  target: { type: 'book', id: '7' },
};

beforeAll(async () => {
  server = await startTestServer();
  expect((await server.send(early)).status).toBe(201);
  await server.stop();
  const config = join(server.dataDirectory, 'bitacora.config.ts');
  writeFileSync(
    config,
    `import { library } from ${JSON.stringify(pack)};\nexport default { packs: [library] };\n`,
  );
  await server.restart({ BITACORA_CONFIG: config });
});
afterAll(() => server.dispose());

const lend = (extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  action: 'book.lend',
  actor: { id: 'lia', name: 'Lía Núñez' },
  target: { type: 'book', id: '7', name: 'Platero y yo' },
  ...extra,
});

test('F-01 a declared action gets its operation, its ledger and its attribute types from one declaration', async () => {
  const stored = await server.send(lend({ attributes: { branch: 'north', dueOn: '2026-03-01' } }));
  expect(stored.status).toBe(201);
  const { body } = await server.json(`/v1/events/${stored.body.results[0].id}`);
  // Two years of retention: a ledger of its own.
  expect(body.ledger).toBe('default.library');
  expect(body.event.operation).toBe('create');
  const refused = await server.send(lend({ attributes: { branch: 5 } }));
  expect(refused.status).toBe(422);
  expect(refused.body.parameter).toBe('attributes.branch');
});

test('F17 an event stored before its pack was added is stored once, also when it is sent again after', async () => {
  const again = await server.send([early, { ...early, id: '01930000-0000-7000-8000-000000000002' }]);
  expect(again.body).toMatchObject({ accepted: 1, duplicates: 1, results: [{ id: early.id, index: 0 }, {}] });
  const { body } = await server.json('/v1/events?actor=eva&count=true');
  expect(body.entries.map(({ ledger }: { ledger: string }) => ledger).sort()).toEqual([
    'default',
    'default.library',
  ]);
  expect((await server.send({ ...early, reason: 'another body' })).status).toBe(409);
});

test('events of one request go each to the ledger of its action, answered in order', async () => {
  const { body } = await server.send([lend(), { action: 'door.open', actor: { id: 'lia' } }, lend()]);
  const ledgers = await Promise.all(
    body.results.map(async ({ id }: { id: string }) => (await server.json(`/v1/events/${id}`)).body.ledger),
  );
  expect(ledgers).toEqual(['default.library', 'default', 'default.library']);
  const found = await server.json('/v1/events?actor=lia&count=true');
  expect(found.body.count).toBeGreaterThanOrEqual(4);
});

test('F-06 a field that the pack declares not personal stays in the entry bytes, the others leave it', async () => {
  const { body } = await server.send(lend());
  await server.json(`/v1/events/${body.results[0].id}/proof`).catch(() => undefined);
  const bundle = await server.fetch(`/v1/tlog/default.library/tile/entries/000.p/1`);
  const text = await bundle.text();
  expect(bundle.status).toBe(200);
  expect(text).toContain('"ledger":"default.library"');
  expect(text).not.toContain('Lía');
  const all = await (await server.fetch(`/v1/tlog/default.library/tile/entries/000.p/2`)).text();
  expect(all).toContain('Platero y yo');
});

test('a configuration that cannot be loaded stops the start with its reason', async () => {
  const other = await startTestServer();
  await other.stop();
  await expect(other.restart({ BITACORA_CONFIG: '/nowhere.ts' })).rejects.toThrow(/BITACORA_CONFIG/);
  await other.dispose();
});
