import { beforeAll, expect, test } from 'vitest';
import { createAudit, type SdkError } from '@bitacora/sdk';
import { closingLogger } from '../../../packs/accounting-closing/closing-logger.ts';
import { installationZone, type PackInstallation } from '../../support/pack-installation.ts';
import type { TestServer } from '../../support/test-server.ts';
import { viewerTokens } from '../../support/viewer-tokens.ts';

const path = '/api/contabilidad/logs-actividad/';
const keys15 = [
  'id',
  'cliente_id',
  'cliente_nombre',
  'usuario_id',
  'usuario_nombre',
  'usuario_email',
  'tarjeta',
  'accion',
  'descripcion',
  'resultado',
  'timestamp',
  'ip_address',
  'detalles',
  'estado_cierre',
  'periodo_cierre',
];
let server: TestServer;

async function put(type: string, id: string, fields: Record<string, unknown>): Promise<void> {
  const { status } = await server.json(`/v1/directory/${type}/${encodeURIComponent(id)}`, {
    method: 'PUT',
    body: JSON.stringify(fields),
  });
  expect(status).toBe(204);
}

const activity = (extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  cliente_id: 12,
  periodo: '2026-02',
  tarjeta: 'clasificacion',
  accion: 'upload',
  descripcion: 'Archivo de clasificación subido',
  usuario: 7,
  detalles: { archivo: 'plan.xlsx' },
  ip_address: '192.0.2.10',
  ...extra,
});

function register(body: Record<string, unknown>): Promise<{ status: number; body: any }> {
  return server.json(path, { method: 'POST', body: JSON.stringify(body) });
}

async function list(query = ''): Promise<any> {
  const { status, body } = await server.json(`${path}${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

export function activityRows(installation: () => PackInstallation): void {
  beforeAll(async () => {
    server = await installation().tenant('actividad');
    await put('user', '7', {
      nombre: 'Ana',
      apellido: 'Rojas',
      correo_bdo: 'ana@bdo.example',
      tipo_usuario: 'analista',
    });
    await put('client', '12', { nombre: 'Comercial Sur' });
    await put('client', '13', { nombre: 'Frutas del Norte' });
    await put('closing', '12/2026-02', { estado: 'en_proceso' });
    await put('closing', '13/2026-02', { estado: 'cerrado' });
  });

  test("A-01 an activity is registered with the seed's keys and answered with its 15 fields", async () => {
    const { status, body } = await register(activity());
    expect(status).toBe(201);
    expect(Object.keys(body).sort()).toEqual([...keys15, 'uuid'].sort());
    expect(body).toMatchObject({
      id: 1,
      cliente_id: 12,
      cliente_nombre: 'Comercial Sur',
      usuario_id: 7,
      usuario_nombre: 'Ana Rojas',
      usuario_email: 'ana@bdo.example',
      tarjeta: 'clasificacion',
      accion: 'upload',
      resultado: 'exito',
      ip_address: '192.0.2.10',
      detalles: { archivo: 'plan.xlsx' },
      estado_cierre: 'en_proceso',
      periodo_cierre: '2026-02',
    });
  });

  test('A-01 an activity for an unknown client or period gets 404, and nothing is stored', async () => {
    const before = (await list()).count;
    const { status, body } = await register(activity({ periodo: '1999-01' }));
    expect(status).toBe(404);
    expect(body.error).toEqual(expect.any(String));
    expect((await list()).count).toBe(before);
  });

  test('A-01 in the SDK an unknown closing gives null and a warning; a known closing is stored', async () => {
    const warnings: string[] = [];
    const onError = ({ code, field }: SdkError): void => void warnings.push(`${code} ${field}`);
    const { url, key } = server;
    const audit = createAudit({ name: 'cierres', url, key, mode: 'strict', onError });
    const { registrarActividadTarjeta } = closingLogger((event) => audit.capture(event));
    const written = activity({ tarjeta: 'sdk' }) as Parameters<typeof registrarActividadTarjeta>[0];
    expect(await registrarActividadTarjeta({ ...written, cliente_id: 999 })).toBeNull();
    expect(warnings).toEqual(['rejected cierre']);
    expect(await registrarActividadTarjeta(written)).toMatchObject({ state: 'sequenced' });
    await audit.close(1_000);
    expect((await list('?tarjeta=sdk')).results).toMatchObject([{ cliente_id: 12, usuario_id: 7 }]);
  });

  test('A-01 F-12 the logger is one HTTP call with the same keys', async () => {
    const { status, body } = await server.json('/v1/packs/accounting-closing/registrarActividadTarjeta', {
      method: 'POST',
      body: JSON.stringify(
        activity({ tarjeta: 'nombres_en_ingles', resultado: 'advertencia', usuario: null }),
      ),
    });
    expect(status).toBe(201);
    const [entry] = (await list('?tarjeta=nombres_en_ingles')).results;
    expect(entry).toMatchObject({
      uuid: body.results[0].id,
      usuario_id: null,
      usuario_nombre: 'Sistema',
      usuario_email: null,
      resultado: 'advertencia',
    });
  });

  test("A-04 every filter narrows, newest first, in pages of the seed's shape", async () => {
    for (let n = 0; n < 25; n++) {
      const client = n % 2 === 0 ? 12 : 13;
      await register(
        activity({ cliente_id: client, accion: `paso_${n % 3}`, tarjeta: 'paginas', descripcion: `n ${n}` }),
      );
    }
    const first = await list('?tarjeta=paginas&page_size=10');
    expect(first).toMatchObject({
      count: 25,
      total_pages: 3,
      current_page: 1,
      has_next: true,
      has_previous: false,
    });
    expect(Object.keys(first).sort()).toEqual(
      ['results', 'count', 'total_pages', 'current_page', 'has_next', 'has_previous', 'source'].sort(),
    );
    const all = [
      first,
      await list('?tarjeta=paginas&page_size=10&page=2'),
      await list('?tarjeta=paginas&page_size=10&page=3'),
    ];
    expect(all.flatMap(({ results }) => results.map((activity: any) => activity.descripcion))).toEqual(
      Array.from({ length: 25 }, (_, n) => `n ${24 - n}`),
    );
    expect(await list('?tarjeta=paginas&page=4&page_size=10')).toMatchObject({
      results: [],
      count: 25,
      has_next: false,
      has_previous: true,
    });
    expect(await list('?tarjeta=ninguna')).toMatchObject({
      results: [],
      count: 0,
      total_pages: 0,
      has_next: false,
    });
    expect((await list('?tarjeta=paginas&cliente_id=13')).count).toBe(12);
    expect((await list('?tarjeta=paginas&accion=paso_1')).count).toBe(8);
    expect((await list('?tarjeta=paginas&cierre=cerrado')).count).toBe(12);
    expect((await list('?tarjeta=paginas&usuario_id=7')).count).toBe(25);
    expect((await list('?tarjeta=paginas&usuario_id=8')).count).toBe(0);
    expect((await list('?tarjeta=paginas&periodo=2026-02&cliente_id=12')).count).toBe(13);
  });

  test('A-04 the state of the closing and the name of the client stay those of the time of the entry', async () => {
    await register(activity({ tarjeta: 'estado' }));
    await put('closing', '12/2026-02', { estado: 'cerrado' });
    await put('client', '12', { nombre: 'Comercial Sur SpA' });
    await register(activity({ tarjeta: 'estado' }));
    const { results } = await list('?tarjeta=estado');
    expect(results.map((activity: any) => [activity.estado_cierre, activity.cliente_nombre])).toEqual([
      ['cerrado', 'Comercial Sur SpA'],
      ['en_proceso', 'Comercial Sur'],
    ]);
    expect((await list('?tarjeta=estado&cierre=en_proceso')).count).toBe(1);
    await put('closing', '12/2026-02', { estado: 'en_proceso' });
  });

  test('A-05 fecha_hasta includes its whole day in the time zone of the organisation', async () => {
    const today = new Intl.DateTimeFormat('en-CA', { timeZone: installationZone }).format(new Date());
    const { count } = await list();
    expect((await list(`?fecha_desde=${today}&fecha_hasta=${today}`)).count).toBe(count);
    expect((await list('?fecha_hasta=2020-01-01')).count).toBe(0);
  });

  test('A-05 the newest pages come from the recent store and equal those of PostgreSQL', async () => {
    await installation().calm();
    // The recent store never answers questions with the oldest first.
    const { body } = await server.json('/v1/events?action=card.activity&order=asc&limit=1000');
    expect(body).toMatchObject({ source: 'postgres', next: null });
    const stored: { id: string; event: { subject: { id: string }; attributes: { periodo: string } } }[] =
      body.entries.reverse();
    for (const [client, period] of [
      ['', ''],
      ['12', ''],
      ['', '2026-02'],
      ['12', '2026-02'],
    ]) {
      const fitting = stored.filter(
        ({ event }) =>
          (client === '' || event.subject.id === client) &&
          (period === '' || event.attributes.periodo === period),
      );
      for (const page of [1, 2, 3]) {
        const query = `?page_size=5&page=${page}${client && `&cliente_id=${client}`}${period && `&periodo=${period}`}`;
        await expect.poll(async () => (await list(query)).source).toBe('redis');
        const { results, count } = await list(query);
        expect({ count, ids: results.map(({ uuid }: { uuid: string }) => uuid) }).toEqual({
          count: fitting.length,
          ids: fitting.slice((page - 1) * 5, page * 5).map(({ id }) => id),
        });
      }
    }
  });

  test("A-07 parameters that are wrong are named with 400, strangers get 401 with the seed's member", async () => {
    for (const [query, parameter] of [
      ['page=0', 'page'],
      ['page=x', 'page'],
      ['page_size=5000', 'page_size'],
      ['fecha_desde=2026-13-45', 'fecha_desde'],
      ['fecha_desde=2026-02-30', 'fecha_desde'],
      ['fecha_hasta=2026-01-01T25:00', 'fecha_hasta'],
      ['fecha_hasta=0000-01-01', 'fecha_hasta'],
      ['fecha_hasta=ayer', 'fecha_hasta'],
      ['cliente_id=doce', 'cliente_id'],
      ['cliente_id=-12', 'cliente_id'],
      ['usuario_id=1.5', 'usuario_id'],
      ['otro=1', 'otro'],
    ]) {
      const { status, body } = await server.json(`${path}?${query}`);
      expect({ query, status, parameter: body.parameter }).toEqual({ query, status: 400, parameter });
      expect(body.error).toMatch(
        new RegExp(`^(El parámetro ${parameter} no es válido|${parameter} no es un id)$`),
      );
    }
    const anonymous = await fetch(`${server.url}${path}`);
    expect(anonymous.status).toBe(401);
    expect(await anonymous.json()).toMatchObject({ error: 'No autenticado' });
    const { body: made } = await server.json('/v1/keys', {
      method: 'POST',
      body: JSON.stringify({ name: 'solo escribe', scopes: ['ingest'] }),
    });
    const refused = await server.json(path, { as: made.secret });
    expect(refused).toMatchObject({ status: 403, body: { error: 'Acceso denegado' } });
    // Whoever may not call the route does not learn how it is called.
    for (const query of ['?page=x', '?otro=1'])
      expect((await server.json(`${path}${query}`, { as: made.secret })).status).toBe(403);
    expect((await fetch(`${server.url}${path}?page=x`)).status).toBe(401);
  });

  test('A-07 an empty parameter is no filter, and the final slash may be left out', async () => {
    const all = await server.json(path);
    expect(all.status).toBe(200);
    const empty = 'cliente_id=&usuario_id=&tarjeta=&accion=&fecha_desde=&fecha_hasta=&page=&page_size=';
    const bare = path.replace(/\/$/, '');
    for (const address of [`${path}?${empty}`, bare, `${bare}?${empty}`]) {
      const { status, body } = await server.json(address);
      expect([address, status, body.count]).toEqual([address, 200, all.body.count]);
    }
  });

  test("A-07 a gerente reads everybody's activities; other users with a token are refused", async () => {
    const tokenOf = await viewerTokens(server, 'actividad');
    const { count } = await list();
    expect(await server.json(path, { as: tokenOf('90', 'gerente') })).toMatchObject({
      status: 200,
      body: { count },
    });
    for (const token of [tokenOf('7', 'analista'), tokenOf('7'), tokenOf('7', 'resident')])
      expect(await server.json(path, { as: token })).toMatchObject({
        status: 403,
        body: { error: 'Acceso denegado' },
      });
  });

  test.each([
    [{ cliente_id: undefined }, 'cliente_id'],
    [{ periodo: 5 }, 'periodo'],
    [{ resultado: 'quizás' }, 'resultado'],
    [{ ip_address: 'no es una ip' }, 'ip_address'],
    [{ usuario: { id: 7 } }, 'usuario'],
    [{ usuario: '' }, 'usuario'],
    [{ cliente_id: null }, 'cliente_id'],
    [{ tarjeta: undefined }, 'tarjeta'],
    [{ otro: 1 }, 'otro'],
  ])('A-01 a body with %j is refused and names what is wrong', async (extra, parameter) => {
    const { status, body } = await register(activity(extra));
    expect({ status, parameter: body.parameter }).toEqual({ status: 400, parameter });
    const logged = await server.json('/v1/packs/accounting-closing/registrarActividadTarjeta', {
      method: 'POST',
      body: JSON.stringify(activity(extra)),
    });
    expect({ status: logged.status, parameter: logged.body.parameter }).toEqual({ status: 422, parameter });
  });

  test('A-12 by default entries of the pack are never removed', async () => {
    const { body } = await server.json('/v1/ledgers');
    expect(body.ledgers.find(({ name }: { name: string }) => name === 'actividad')).toMatchObject({
      retentionDays: null,
    });
  });
}
