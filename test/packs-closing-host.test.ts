import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startExampleHost, type ExampleHost } from './support/example-host.ts';
import { startWithPack } from './support/start-with-pack.ts';
import type { TestServer } from './support/test-server.ts';

const secret = randomBytes(32).toString('base64url');
const path = '/api/contabilidad/logs-actividad/';
let server: TestServer;
let host: ExampleHost;
let ana: { token: string; auditToken: string };
let raul: { token: string; auditToken: string };

// In the app an analyst works on cards, one of which is refused, and closes the period.
beforeAll(async () => {
  server = await startWithPack({ folder: 'accounting-closing', exported: 'accountingClosing' });
  const { status } = await server.json('/v1/viewer-keys/closing', {
    method: 'PUT',
    body: JSON.stringify({ issuer: 'closing', algorithm: 'HS256', key: secret }),
  });
  expect(status).toBe(200);
  host = await startExampleHost('closing', { server, secret });
  const signIn = (correo: string, clave: string): ReturnType<ExampleHost['call']> =>
    host.call('POST', '/login', { correo, clave });
  expect((await signIn('ana@bdo.example', 'no')).status).toBe(401);
  ana = (await signIn('ana@bdo.example', 'mesa redonda')).body;
  raul = (await signIn('raul@bdo.example', 'ventana norte')).body;
  const work = async (way: string, archivo?: string): Promise<number> =>
    (await host.call('POST', `/cierres/${way}`, { archivo }, ana.token)).status;
  expect(await work('12/2026-02/tarjetas/clasificacion/archivo', 'plan.pdf')).toBe(400);
  expect(await work('12/2026-02/tarjetas/clasificacion/archivo', 'plan.xlsx')).toBe(201);
  expect(await work('12/2026-02/cerrar')).toBe(409);
  expect(await work('12/2026-02/tarjetas/libro_mayor/archivo', 'mayor.xlsx')).toBe(201);
  expect(await work('12/1999-01/cerrar')).toBe(404);
  expect(await work('12/2026-02/cerrar')).toBe(200);
  expect(await host.stop()).toBe('');
});
afterAll(async () => {
  await host?.stop();
  await server?.dispose();
});

async function list(token: string | undefined, query = ''): Promise<{ status: number; body: any }> {
  const response = await fetch(`${server.url}${path}${query}`, {
    headers: token === undefined ? {} : { authorization: `Token ${token}` },
  });
  return { status: response.status, body: await response.json() };
}

test('A-01 A-04 work on cards in an Express app appears with its 15 fields, and refusals appear as errors', async () => {
  const { status, body } = await list(raul.auditToken);
  expect(status).toBe(200);
  expect(body).toMatchObject({ count: 5, total_pages: 1, current_page: 1, has_next: false });
  const rows: Record<string, unknown>[] = body.results;
  expect(rows.map((row) => [row['tarjeta'], row['accion'], row['resultado'], row['estado_cierre']])).toEqual([
    ['cierre', 'cerrar', 'exito', 'cerrado'],
    ['libro_mayor', 'upload', 'exito', 'en_proceso'],
    ['cierre', 'cerrar', 'advertencia', 'en_proceso'],
    ['clasificacion', 'upload', 'exito', 'en_proceso'],
    ['clasificacion', 'upload', 'error', 'en_proceso'],
  ]);
  const { uuid, ...refused } = rows[4] ?? {};
  expect(uuid).toMatch(/^[0-9a-f-]{36}$/);
  expect(refused).toEqual({
    id: expect.any(Number),
    cliente_id: 12,
    cliente_nombre: 'Comercial Sur',
    usuario_id: 7,
    usuario_nombre: 'Ana Rojas',
    usuario_email: 'ana@bdo.example',
    tarjeta: 'clasificacion',
    accion: 'upload',
    resultado: 'error',
    descripcion: 'Archivo rechazado: plan.pdf',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    ip_address: expect.stringMatching(/127\.0\.0\.1|::1/),
    detalles: { archivo: 'plan.pdf' },
    estado_cierre: 'en_proceso',
    periodo_cierre: '2026-02',
  });
  const counts = await Promise.all(
    ['tarjeta=clasificacion', 'cierre=cerrado', 'cliente_id=13', 'usuario_id=7', 'accion=cerrar'].map(
      async (query) => (await list(raul.auditToken, `?${query}`)).body.count,
    ),
  );
  expect(counts).toEqual([2, 1, 0, 5, 2]);
});

test("A-07 with the app's tokens a gerente may read, an analista gets 403 and a stranger 401", async () => {
  expect((await list(raul.auditToken)).status).toBe(200);
  expect(await list(ana.auditToken)).toMatchObject({ status: 403, body: { error: 'Acceso denegado' } });
  expect(await list(undefined)).toMatchObject({ status: 401, body: { error: 'No autenticado' } });
  const forged = `${raul.auditToken.slice(0, -4)}AAAA`;
  expect((await list(forged)).status).toBe(401);
  const written = await fetch(server.url + path, {
    method: 'POST',
    headers: { authorization: `Token ${raul.auditToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ cliente_id: 12, periodo: '2026-02', tarjeta: 'x', accion: 'x', descripcion: 'x' }),
  });
  expect(written.status).toBe(403);
});

test("A-01 the app's sign-ins are recorded too, and no password or session id is", async () => {
  const all = (await server.json('/v1/events?limit=1000')).body.entries;
  const actions = all.map(({ event }: { event: { action: string } }) => event.action).sort();
  expect(actions).toEqual([
    ...Array(5).fill('card.activity'),
    ...Array(3).fill('http.request'),
    'session.login',
    'session.login',
    'session.login_failed',
  ]);
  const text = JSON.stringify(all);
  for (const hidden of [ana.token, ana.auditToken, 'mesa redonda']) expect(text).not.toContain(hidden);
});
