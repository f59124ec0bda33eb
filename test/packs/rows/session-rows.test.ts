import { beforeAll, expect, test } from 'vitest';
import { condominiumCalls } from '../../support/condominium-calls.ts';
import type { PackInstallation } from '../../support/pack-installation.ts';
import type { TestServer } from '../../support/test-server.ts';

const path = '/api/audit/sesiones/';
const keys = [
  'id',
  'usuario',
  'ip_address',
  'user_agent',
  'fecha_inicio',
  'fecha_ultimo_acceso',
  'fecha_cierre',
  'esta_activa',
  'duracion_sesion_str',
  // Keys that the seed does not have: the core's id, the user's name and the reason of the end.
  'uuid',
  'usuario_nombre',
  'motivo_cierre',
].sort();
const minute = 60_000;
let server: TestServer;

const { log, get } = condominiumCalls(() => server);

const now = Date.now();
const ago = (ms: number): string => new Date(now - ms).toISOString();

export function sessionRows(installation: () => PackInstallation): void {
  beforeAll(async () => {
    server = await installation().tenant('sesiones');
  });

  test('C-06 a sign-in opens a session, access touches it, sign-out closes it; the token is not in it', async () => {
    const usuario = { id: 2, nombre_completo: 'María Soto' };
    const token_session = 'token-muy-secreto-1';
    const start = ago(20 * minute);
    const seen = ago(10 * minute);
    const end = ago(5 * minute);
    const { id } = await log('registrarLogin', {
      usuario,
      token_session,
      ip_address: '192.168.1.7',
      user_agent: 'Firefox',
      timestamp: start,
    });
    const opened = (await get(path)).results[0];
    expect(Object.keys(opened).sort()).toEqual(keys);
    expect(opened).toMatchObject({
      uuid: id,
      usuario: 2,
      usuario_nombre: 'María Soto',
      ip_address: '192.168.1.7',
      user_agent: 'Firefox',
      fecha_inicio: start,
      fecha_ultimo_acceso: start,
      fecha_cierre: null,
      esta_activa: true,
    });
    await log('registrarActividad', { usuario, token_session, tipo_actividad: 'consulta', timestamp: seen });
    expect(await get(`${path}${opened.id}/`)).toMatchObject({
      fecha_ultimo_acceso: seen,
      duracion_sesion_str: '0:10:00',
      esta_activa: true,
    });
    await log('registrarLogout', { usuario, token_session, timestamp: end });
    expect(await get(`${path}${opened.id}/`)).toMatchObject({
      fecha_cierre: end,
      esta_activa: false,
      motivo_cierre: 'logout',
      duracion_sesion_str: '0:15:00',
    });
    expect(JSON.stringify(await get('/v1/sessions'))).not.toContain('secreto');
    expect(await server.json(`${path}99999/`)).toMatchObject({
      status: 404,
      body: { detail: 'No encontrado.' },
    });
  });

  test('C-06 a failed sign-in opens no session; a new sign-in with the same token opens a new session', async () => {
    const before = (await get(path)).count;
    await log('registrarLogin', { usuario: 2, token_session: 'fallido', es_exitoso: false });
    expect((await get(path)).count).toBe(before);
    const again = { usuario: 2, token_session: 'token-muy-secreto-1' };
    await log('registrarLogin', { ...again, timestamp: ago(minute) });
    expect((await get(path)).count).toBe(before + 1);
    await log('registrarLogout', again);
  });

  test('C-06 late events extend a session, and a session whose end arrives first is closed', async () => {
    const usuario = 5;
    const token_session = 'tardio';
    await log('registrarLogout', { usuario, token_session, timestamp: ago(2 * minute) });
    await log('registrarLogin', { usuario, token_session, timestamp: ago(12 * minute) });
    const [session] = (await get(`${path}?usuario=5`)).results;
    expect(session).toMatchObject({
      esta_activa: false,
      motivo_cierre: 'logout',
      duracion_sesion_str: '0:10:00',
    });
  });

  test('C-06 a session without events for half an hour is expired, and no event says so', async () => {
    await log('registrarLogin', { usuario: 6, token_session: 'olvidada', timestamp: ago(95 * minute) });
    const [session] = (await get(`${path}?usuario=6`)).results;
    expect(session).toMatchObject({ esta_activa: false, motivo_cierre: 'expiracion' });
    expect(Date.parse(session.fecha_cierre) - Date.parse(session.fecha_ultimo_acceso)).toBe(30 * minute);
    expect((await get(`${path}?usuario=6&activas_solo=true`)).count).toBe(0);
  });

  test('C-06 concurrent sessions are those of one user from different addresses or agents', async () => {
    const open = (usuario: number, n: number, ip_address: string, user_agent = 'Firefox'): Promise<any> =>
      log('registrarLogin', { usuario, token_session: `${usuario}-${n}`, ip_address, user_agent });
    await open(10, 1, '10.0.0.1');
    await open(10, 2, '10.0.0.2');
    await open(11, 1, '10.0.0.1');
    await open(11, 2, '10.0.0.1');
    await open(12, 1, '10.0.0.1', 'Firefox');
    await open(12, 2, '10.0.0.1', 'App/2.1');
    const found = await get(`${path}concurrentes/`);
    expect(found.map((session: any) => [session.usuario, session.total, session.sesiones.length])).toEqual([
      [10, 2, 2],
      [12, 2, 2],
    ]);
    await log('registrarLogout', { usuario: 10, token_session: '10-1' });
    expect((await get(`${path}concurrentes/`)).map((session: any) => session.usuario)).toEqual([12]);
  });

  test('C-06 lists: pages of all or of active sessions, and mis_sesiones as a bare list', async () => {
    const active = await get(`${path}?activas_solo=true&page_size=2`);
    expect(active).toMatchObject({ count: 5, previous: null });
    expect(active.next).toBe(`${server.url}${path}?activas_solo=true&page_size=2&page=2`);
    expect((await get(`${path}activas/`)).count).toBe(5);
    const pages = [
      active,
      await get(`${path}?activas_solo=true&page_size=2&page=2`),
      await get(`${path}?activas_solo=true&page_size=2&page=3`),
    ];
    expect(new Set(pages.flatMap((page) => page.results.map((session: any) => session.id))).size).toBe(5);
    expect(await get(`${path}mis_sesiones/`)).toEqual([]);
  });

  test('C-06 a session closed by an administrator: an event of the ledger, reported to the host that asks, never opened again', async () => {
    const before = await get('/v1/sessions/closed');
    const [session] = (await get(`${path}?usuario=12&activas_solo=true`)).results;
    const closed = await server.json(`${path}${session.id}/cerrar/?motivo=Sospechosa`, { method: 'POST' });
    expect(closed).toMatchObject({
      status: 200,
      body: { id: session.id, esta_activa: false, motivo_cierre: 'administrador' },
    });
    const { next, sessions } = await get(`/v1/sessions/closed?since=${before.next}`);
    expect(sessions).toMatchObject([{ id: session.uuid, closeReason: 'administrator', actor: { id: '12' } }]);
    expect((await get(`/v1/sessions/closed?since=${next}`)).sessions).toEqual([]);
    const { entries } = await get('/v1/events?action=session.closed');
    expect(entries[0].event).toMatchObject({
      targets: [{ type: 'session', id: session.uuid }],
      reason: 'Sospechosa',
    });
    // Closing twice has no further effect, and later events of the host do not open the session again.
    expect((await server.json(`${path}${session.id}/cerrar/`, { method: 'POST' })).status).toBe(200);
    expect((await get('/v1/events?action=session.closed&count=true')).count).toBe(1);
    await log('registrarActividad', { usuario: 12, token_session: '12-2', tipo_actividad: 'consulta' });
    expect((await get(`${path}${session.id}/`)).esta_activa).toBe(false);
  });

  test('C-06 usage patterns: per hour and weekday of the zone, and the mean duration', async () => {
    // 02:30 in UTC is 23:30 of the day before in Santiago. Both days are in the past and have no other sessions.
    for (const [n, start, minutes] of [
      [1, '2025-09-15T02:30:00Z', 10],
      [2, '2025-09-15T12:00:00Z', 20],
      [3, '2025-09-15T12:59:59Z', 60],
    ] as const) {
      const shared = { usuario: 20, token_session: `patron-${n}` };
      await log('registrarLogin', { ...shared, timestamp: start });
      const end = new Date(Date.parse(start) + minutes * minute).toISOString();
      await log('registrarLogout', { ...shared, timestamp: end });
    }
    const found = await get(`${path}patrones/?fecha_inicio=2025-09-14&fecha_fin=2025-09-15`);
    expect(found).toMatchObject({
      total_sesiones: 3,
      duracion_promedio_segundos: 1_800,
      duracion_promedio_str: '0:30:00',
      por_hora: { 9: 2, 23: 1, 0: 0 },
      por_dia_semana: { domingo: 1, lunes: 2, martes: 0 },
    });
    expect(Object.keys(found.por_hora)).toHaveLength(24);
    expect((await get(`${path}patrones/?usuario=nadie`)).total_sesiones).toBe(0);
    for (const place of [path, `${path}activas/`, `${path}patrones/`])
      expect(await server.json(`${place}?usuario=a%00`), place).toMatchObject({
        status: 400,
        body: { parameter: 'usuario' },
      });
    expect(await server.json(`${path}patrones/?fecha_inicio=2025-02-30`)).toMatchObject({
      status: 400,
      body: { parameter: 'fecha_inicio' },
    });
  });

  test("C-06 the core's own API: sessions by actor and state, in pages, and a session by its id", async () => {
    const first = await get('/v1/sessions?limit=3&count=true');
    const second = await get(`/v1/sessions?limit=3&cursor=${first.next}`);
    expect(first.sessions).toHaveLength(3);
    const starts = [...first.sessions, ...second.sessions].map((session: any) => session.startedAt);
    expect(starts).toEqual([...starts].sort((a, b) => Date.parse(b) - Date.parse(a)));
    expect(new Set([...first.sessions, ...second.sessions].map((session: any) => session.id)).size).toBe(6);
    expect(await get(`/v1/sessions/${first.sessions[0].id}`)).toEqual(first.sessions[0]);
    expect((await get('/v1/sessions?actor=20')).sessions).toHaveLength(3);
    expect((await get('/v1/sessions?actor=20&active=true')).sessions).toHaveLength(0);
    expect((await server.json('/v1/sessions/nada')).status).toBe(404);
    expect((await server.json('/v1/sessions?cursor=%00')).status).toBe(400);
    expect((await server.json('/v1/sessions?limit=0')).status).toBe(400);
  });

  test('C-06 after the server was killed no session is lost or stored twice', async () => {
    const before = await get('/v1/sessions?limit=1000');
    await server.kill();
    await server.restart();
    expect(await get('/v1/sessions?limit=1000')).toEqual(before);
  });
}
