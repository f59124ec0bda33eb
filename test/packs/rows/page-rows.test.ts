import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { activityEvent } from '../../../packs/accounting-closing/activity.ts';
import { installationZone, type PackInstallation } from '../../support/pack-installation.ts';
import { createRandom } from '../../support/random.ts';
import type { TestServer } from '../../support/test-server.ts';
import { viewerTokens } from '../../support/viewer-tokens.ts';
import {
  activityOracle,
  acts,
  anyFilters,
  cards,
  states,
  type AskedPage,
} from '../../support/written-activity.ts';
import { waitUntil } from '../../support/wait-until.ts';

const path = '/api/contabilidad/logs-actividad/';
const cli = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));
const run = promisify(execFile);
const full = process.env['BITACORA_FAULTS'] === 'full';
const pages = full ? 10_000 : 200;
const pagesPerRound = 20;
const dayMs = 86_400_000;
const clients = [1, 2, 3, 4, 5];
const periods = ['2026-08', '2026-09', '2026-10'];
/** The number of entries of the last seven days. The first client has more of them than the store holds for one client. */
const historyOfWeek = 1_700;
const historyBefore = 500;
const random = createRandom(20_261_121);
const oracle = activityOracle(installationZone);
const stateOf = new Map<string, string>();
let server: TestServer;
let tokenOf: Awaited<ReturnType<typeof viewerTokens>>;

async function put(type: string, id: string, fields: Record<string, unknown>): Promise<void> {
  const place = `/v1/directory/${type}/${encodeURIComponent(id)}`;
  expect((await server.json(place, { method: 'PUT', body: JSON.stringify(fields) })).status).toBe(204);
}

async function changeState(client: number, period: string): Promise<void> {
  const estado = random.pick(states);
  await put('closing', `${client}/${period}`, { estado });
  stateOf.set(`${client}/${period}`, estado);
}

function invent(): {
  body: Parameters<typeof activityEvent>[0];
  written: { cierre: string } & AskedActivity;
} {
  const asked: AskedActivity = {
    cliente_id: random.chance(0.6) ? 1 : random.pick(clients),
    periodo: random.pick(periods),
    usuario_id: random.pick([null, 1, 2, 3]),
    tarjeta: random.pick(cards),
    accion: random.pick(acts),
  };
  const { usuario_id, ...keys } = asked;
  const cierre = stateOf.get(`${asked.cliente_id}/${asked.periodo}`) ?? '';
  const body = { ...keys, usuario: usuario_id, descripcion: `${keys.accion} de ${keys.tarjeta}` };
  return { body, written: { ...asked, cierre } };
}

interface AskedActivity {
  cliente_id: number;
  periodo: string;
  usuario_id: number | null;
  tarjeta: string;
  accion: string;
}

/** Sends entries of earlier days as events, as an import does. */
async function writeHistory(times: readonly number[]): Promise<void> {
  const invented = times.map((at) => ({ at, ...invent() }));
  const { status, body } = await server.send(
    invented.map(({ at, body }) => ({ ...activityEvent(body), occurredAt: new Date(at).toISOString() })),
  );
  expect(status, JSON.stringify(body).slice(0, 300)).toBe(201);
  for (const [position, { at, written }] of invented.entries()) {
    const { id, index } = body.results[position];
    oracle.add({ ...written, at, uuid: id, id: index + 1 });
  }
}

/** Registers an activity through the pack's own URL. The writer must see it at once. */
async function register(): Promise<void> {
  const { body, written } = invent();
  const answer = await server.json(path, { method: 'POST', body: JSON.stringify(body) });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  const { uuid, id, timestamp } = answer.body;
  oracle.add({ ...written, uuid, id, at: Date.parse(timestamp) });
}

/** Asks as a manager, who reaches only the pack's entries. */
async function ask({ filters, page, size }: AskedPage): Promise<any> {
  const query = new URLSearchParams({ ...filters, page: String(page), page_size: String(size) });
  const { status, body } = await server.json(`${path}?${query.toString()}`, { as: tokenOf('90', 'gerente') });
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

/** Asks for a page, compares it with what was written, and returns its source. */
async function compare(asked: AskedPage): Promise<'redis' | 'postgres'> {
  const { filters, page, size } = asked;
  const sinceMs = Date.now() - 7 * dayMs;
  const { source, results, ...rest } = await ask(asked);
  const all = oracle.matching(filters);
  const total = Math.ceil(all.length / size);
  expect({
    asked,
    ...rest,
    results: results.map(({ uuid, id, ...activity }: any) => [
      uuid,
      id,
      activity.timestamp,
      activity.cliente_id,
      activity.usuario_id,
      activity.tarjeta,
      activity.accion,
      activity.estado_cierre,
      activity.periodo_cierre,
    ]),
  }).toEqual({
    asked,
    count: all.length,
    total_pages: total,
    current_page: page,
    has_next: page < total,
    has_previous: page > 1,
    results: all
      .slice((page - 1) * size, page * size)
      .map(({ uuid, id, at, ...activity }) => [
        uuid,
        id,
        new Date(at).toISOString(),
        activity.cliente_id,
        activity.usuario_id,
        activity.tarjeta,
        activity.accion,
        activity.cierre,
        activity.periodo,
      ]),
  });
  if (source === 'redis') expectInside(asked, results, sinceMs);
  return source;
}

/**
 * Checks that a page of recent lies within its week. It may be the last page only if the filter begins after all older entries.
 */
function expectInside({ filters, size }: AskedPage, results: any[], sinceMs: number): void {
  for (const activity of results) expect(Date.parse(activity.timestamp)).toBeGreaterThan(sinceMs);
  if (results.length >= size) return;
  expect(filters).toHaveProperty('fecha_desde');
  const { fecha_desde = '' } = filters;
  expect(oracle.matching({ fecha_desde }).at(-1)?.at ?? Infinity).toBeGreaterThan(sinceMs);
}

function anyPage(): AskedPage {
  const filters = anyFilters(random, { clients, periods, dayOf: oracle.dayOf });
  const size = random.pick([1, 2, 5, 10, 20, 50]);
  const last = Math.ceil(oracle.matching(filters).length / size);
  const page = random.chance(0.6) ? 1 + random.int(3) : 1 + random.int(last + 2);
  return { filters, page, size };
}

async function warm(installation: PackInstallation): Promise<void> {
  await installation.calm();
  const newest = { filters: {}, page: 1, size: 5 };
  await expect.poll(async () => (await ask(newest)).source).toBe('redis');
}

/** Asks until the page comes from this source, because a store may be slow for a moment. Each answer must be right. */
async function comesFrom(source: string, asked: AskedPage): Promise<void> {
  await waitUntil(JSON.stringify(asked), async () => (await compare(asked)) === source);
}

/** The newest pages, which a filled store has. */
const newestPages = (size: number): AskedPage[] =>
  [{}, { cliente_id: '1' }, { periodo: '2026-09' }, { cliente_id: '1', periodo: '2026-09' }].flatMap(
    (filters) => [1, 2, 3].map((page) => ({ filters, page, size })),
  );

export function pageRows(installation: () => PackInstallation): void {
  beforeAll(async () => {
    server = await installation().tenant('paginas');
    tokenOf = await viewerTokens(server, 'paginas');
    for (const id of [1, 2, 3])
      await put('user', String(id), { nombre: `Ana ${id}`, tipo_usuario: 'gerente' });
    for (const client of clients) {
      await put('client', String(client), { nombre: `Cliente ${client}` });
      for (const period of periods) await changeState(client, period);
    }
    const now = Date.now();
    const older = Array.from({ length: historyBefore }, () => now - 7 * dayMs - random.int(53 * dayMs));
    const week = Array.from({ length: historyOfWeek }, () => now - 60_000 - random.int(7 * dayMs - 120_000));
    const times = random.shuffled([...older, ...week]);
    for (let sent = 0; sent < times.length; sent += 550) {
      await writeHistory(times.slice(sent, sent + 550));
      await changeState(random.pick(clients), random.pick(periods));
    }
  });

  test('A-05 pages 1 to 3 of all, of a client, of a period and of both come from a filled store, as does every filter within the seven days', async () => {
    await warm(installation());
    for (const asked of [...newestPages(20), ...newestPages(5)]) await comesFrom('redis', asked);
    const begins = [0, 1, 3, 5, 6].map((days) => oracle.dayOf(Date.now() - days * dayMs));
    for (let n = 0; n < 30; n++) {
      const fecha_desde = random.pick(begins);
      const asked = { ...anyPage(), page: 1 + random.int(4) };
      const inside = { ...asked, filters: { ...asked.filters, fecha_desde } };
      await comesFrom('redis', inside);
    }
    for (const filters of [
      { tarjeta: 'clasificacion' },
      { accion: 'upload' },
      { cierre: 'cerrado' },
      { usuario_id: '2' },
      { cliente_id: '1', usuario_id: '2' },
      { periodo: '2026-09', fecha_hasta: begins[1] ?? '' },
    ]) {
      const asked = { filters, page: 40, size: 20 };
      expect({ asked, source: await compare(asked) }).toEqual({ asked, source: 'postgres' });
    }
  });

  test(`A-02 A-04 A-05 A-06 ${pages} random pages between writes equal what was written, whatever happens to the store`, async () => {
    await warm(installation());
    let fromStore = 0;
    // On a slow machine the store is switched off more often, so more questions are asked.
    const enough = (done: number): boolean => done >= pages && (fromStore > pages / 40 || done >= 5 * pages);
    for (let done = 0; !enough(done); done += pagesPerRound) {
      const round = done / pagesPerRound;
      if (round % 3 === 2) await installation().change();
      if (random.chance(0.3)) await changeState(random.pick(clients), random.pick(periods));
      if (random.chance(0.2)) await writeHistory([Date.now() - random.int(20 * dayMs)]);
      for (let writes = random.int(4); writes > 0; writes--) {
        await register();
        await compare({ filters: {}, page: 1, size: 3 });
      }
      for (let asked = 0; asked < pagesPerRound; asked += 4) {
        const sources = await Promise.all(Array.from({ length: 4 }, () => compare(anyPage())));
        fromStore += sources.filter((source) => source === 'redis').length;
      }
    }
    expect(fromStore).toBeGreaterThan(pages / 40);
  });

  test('A-03 A-11 the store holds every entry of the seven days, and at most a thousand for each client', async () => {
    await warm(installation());
    const { body } = await server.json('/v1/recent?ledger=paginas');
    expect(body).toMatchObject({
      store: installation().store,
      state: 'asked',
      days: 7,
      entriesMaxPerKey: 1_000,
    });
    expect(body.indexes).toEqual(
      expect.arrayContaining([['subject'], ['attributes.periodo'], ['subject', 'attributes.periodo']]),
    );
    const [held] = body.ledgers;
    const since = Date.now() - 7 * dayMs;
    const ofWeek = oracle.matching({}).filter(({ at }) => at > since).length;
    expect(held).toMatchObject({ ledger: 'paginas', entries: ofWeek, complete: false });
    expect(Date.parse(held.since)).toBeGreaterThan(since);
  });

  test('A-08 bitacora recent sync and clear, by client and during writes, do not change the answers', async () => {
    await warm(installation());
    const recent = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
      run(process.execPath, ['--conditions=bitacora:source', cli, 'recent', ...args, '--ledger', 'paginas'], {
        env: { ...process.env, BITACORA_URL: server.url, BITACORA_API_KEY: server.key },
      });
    let writing = true;
    const writer = (async () => {
      while (writing) await register();
    })();
    expect((await recent('clear')).stdout).toMatch(/^paginas: \d+ keys deleted$/m);
    try {
      // During writes a slow machine may not be able to count the key.
      await waitUntil('a count of the key', async () => {
        const { stdout, stderr } = await recent('sync', '--days', '7', '--client-id', '1');
        expect(stderr).toMatch(/^1 ledgers, \d+ entries, 0 errors$/m);
        expect(stdout).toMatch(/^1\/1 paginas: \d+ entries in \d+ ms(, 1000 of the key)?$/m);
        return stdout.includes('of the key');
      });
    } finally {
      writing = false;
      await writer;
    }
    await warm(installation());
    for (const asked of newestPages(20)) await comesFrom('redis', asked);
  });

  test('A-09 what the store did is logged in its file and counted', async () => {
    const { counters } = (await server.json('/v1/recent?ledger=paginas')).body;
    expect(counters).toMatchObject({ errors: expect.any(Number), fallbacks: expect.any(Number) });
    for (const name of ['hits', 'misses', 'stored', 'fills']) expect(counters[name]).toBeGreaterThan(0);
    const lines = readFileSync(join(server.dataDirectory, 'logs', 'redis_activity.log'), 'utf8');
    expect(lines).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z INFO ledger paginas: filled with the newest \d+ entries below \d+$/m,
    );
    expect(lines).toMatch(/Z INFO ledger paginas: cleared, \d+ keys deleted$/m);
    if (installation().store === 'memory') return;
    expect(counters.fallbacks).toBeGreaterThan(0);
    expect(lines).toMatch(/Z INFO connected to Redis$/m);
    expect(lines).toMatch(/Z ERROR the store fails and is given a rest/m);
    expect(lines).toMatch(/Z INFO the store answers again/m);
  });
}
