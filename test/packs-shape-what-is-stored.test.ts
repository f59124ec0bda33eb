import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './support/test-server.ts';
import { openPackFolder, type PackFolder, type Ran } from './support/written-pack.ts';

const pack = fileURLToPath(new URL('../examples/pack-minimal/pack.ts', import.meta.url));
let server: TestServer;
let folder: PackFolder;
let written: Ran;

const early = {
  id: '01930000-0000-7000-8000-000000000001',
  action: 'book.lend',
  actor: { id: 'eva' },
  target: { type: 'book', id: '7' },
};

beforeAll(async () => {
  folder = openPackFolder();
  [server, written] = await Promise.all([startTestServer(), folder.packNew('film-archive', '--dir', '.')]);
  expect((await server.send(early)).status).toBe(201);
  await server.stop();
  const config = join(server.dataDirectory, 'bitacora.config.ts');
  writeFileSync(
    config,
    `import { library } from ${JSON.stringify(pack)};
import { filmArchive } from ${JSON.stringify(join(folder.path, 'film-archive/pack.ts'))};
export default { packs: [library, filmArchive] };
`,
  );
  await server.restart({ BITACORA_CONFIG: config });
});
afterAll(async () => {
  folder.remove();
  await server?.dispose();
});

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
  // The pack keeps entries for two years, so it has its own ledger.
  expect(body.ledger).toBe('default.library');
  expect(body.event.operation).toBe('create');
  const refused = await server.send(lend({ attributes: { branch: 5 } }));
  expect(refused.status).toBe(422);
  expect(refused.body.parameter).toBe('attributes.branch');
});

test('F17 an event that was stored before its pack was added is not stored again when it is sent again', async () => {
  const again = await server.send([early, { ...early, id: '01930000-0000-7000-8000-000000000002' }]);
  expect(again.body).toMatchObject({ accepted: 1, duplicates: 1, results: [{ id: early.id, index: 0 }, {}] });
  const { body } = await server.json('/v1/events?actor=eva&count=true');
  expect(body.entries.map(({ ledger }: { ledger: string }) => ledger).sort()).toEqual([
    'default',
    'default.library',
  ]);
  expect((await server.send({ ...early, reason: 'another body' })).status).toBe(409);
});

test('each event of a request goes to the ledger of its action, and the answers are in order', async () => {
  const { body } = await server.send([lend(), { action: 'door.open', actor: { id: 'lia' } }, lend()]);
  const ledgers = await Promise.all(
    body.results.map(async ({ id }: { id: string }) => (await server.json(`/v1/events/${id}`)).body.ledger),
  );
  expect(ledgers).toEqual(['default.library', 'default', 'default.library']);
  const found = await server.json('/v1/events?actor=lia&count=true');
  expect(found.body.count).toBeGreaterThanOrEqual(4);
});

test('F-06 a field that the pack declares not personal stays in the entry bytes, and the other personal fields do not', async () => {
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

test('F-01 a pack made by `bitacora pack new` has its types from its declaration of at most 60 lines', async () => {
  expect(written).toMatchObject({ code: 0, out: 'film-archive\n' });
  const text = readFileSync(join(folder.path, 'film-archive/pack.ts'), 'utf8');
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  const base = fileURLToPath(new URL('../tsconfig.base.json', import.meta.url));
  writeFileSync(
    join(folder.path, 'tsconfig.json'),
    JSON.stringify({
      extends: base,
      compilerOptions: {
        noEmit: true,
        composite: false,
        declaration: false,
        declarationMap: false,
        types: ['node'],
      },
      include: ['**/*.ts'],
      exclude: ['node_modules'],
    }),
  );
  const use = (event: string): void =>
    writeFileSync(
      join(folder.path, 'film-archive/use.ts'),
      `import type { PackEvent } from '@bitacora/pack-kit';
import { filmArchive } from './pack.ts';
type Known = typeof filmArchive;
export const event: PackEvent<Known['actions'], NonNullable<Known['attributes']>> = ${event};
`,
    );
  use(`{ action: 'document.open', actor: { id: 'ana' }, attributes: { pages: 3 } }`);
  expect(await folder.compile()).toEqual({ code: 0, out: '', error: '' });
  use(`{ action: 'document.burn', actor: { id: 'ana' }, attributes: { pages: 'three' } }`);
  const { code, out } = await folder.compile();
  expect(code).not.toBe(0);
  expect(out).toMatch(/"document.burn"' is not assignable to type '"document.open"'/);
  expect(out).toMatch(/'string' is not assignable to type 'number'/);
});

test('F-01 F-12 a server that loads this pack checks its fields and has its labels, its logger and its route', async () => {
  const path = '/v1/packs/film-archive/open';
  const call = (body: unknown): Promise<{ status: number; body: any }> =>
    server.json(path, { method: 'POST', body: JSON.stringify(body) });
  expect((await call({ user: 'eva', document: 'd7', department: 'press' })).status).toBe(201);
  const refused = await call({ user: 'eva', document: 'd7', department: 5 });
  expect([refused.status, refused.body.parameter]).toEqual([422, 'attributes.department']);
  const wrong = await server.send({
    action: 'document.open',
    actor: { id: 'eva' },
    attributes: { seats: 2 },
  });
  expect([wrong.status, wrong.body.parameter]).toEqual([422, 'attributes.seats']);

  const { packs } = (await server.json('/v1/packs')).body;
  const shown = packs.find(({ name }: { name: string }) => name === 'film-archive');
  expect(shown).toMatchObject({
    loggers: ['open'],
    actions: {
      'document.open': {
        labels: { en: 'Document opened', es: 'Documento abierto', ru: 'Документ открыт' },
      },
    },
  });
  const history = await server.json('/api/film-archive/documents/d7/history/');
  expect(history.status).toBe(200);
  expect(history.body.entries).toMatchObject([
    {
      event: {
        action: 'document.open',
        operation: 'read',
        actor: { id: 'eva' },
        attributes: { department: 'press' },
      },
    },
  ]);
  expect((await server.json('/api/film-archive/documents/d8/history/')).body.entries).toEqual([]);
});

test.each([
  [['Film'], /<name>: Film is not kebab-case/],
  [['../film'], /<name>: \.\.\/film is not/],
  [['audit'], /<name>: audit is/],
  [['a'.repeat(41)], /<name>: a+ is not/],
  [['film-archive', '--dir', '.'], /<name>: film-archive is there already/],
  [['film', '--dir', 'film-archive/pack.ts'], /--dir: film-archive\/pack.ts: /],
  [[], /missing required argument 'name'/],
])(
  '`bitacora pack new` with %j ends with exit code 2 and names the wrong argument',
  async (args, pattern) => {
    const { code, out, error } = await folder.packNew(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toMatch(pattern);
  },
);

test('with a configuration that cannot be loaded the start ends with the reason', async () => {
  const other = await startTestServer();
  await other.stop();
  await expect(other.restart({ BITACORA_CONFIG: '/nowhere.ts' })).rejects.toThrow(/BITACORA_CONFIG/);
  await other.dispose();
});
