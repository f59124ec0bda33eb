import { once } from 'node:events';
import { request } from 'node:http';
import { beforeAll, expect, test } from 'vitest';
import { condominiumCalls } from '../../support/condominium-calls.ts';
import { installationOrigin, type PackInstallation } from '../../support/pack-installation.ts';
import type { TestServer } from '../../support/test-server.ts';

const path = '/api/audit/registros/';
const origin = installationOrigin;
const token = '9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b';
const listKeys = [
  'id',
  'timestamp',
  'usuario_info',
  'tipo_actividad',
  'tipo_actividad_display',
  'descripcion',
  'nivel_importancia',
  'nivel_importancia_display',
  'nivel_color',
  'ip_address',
  'es_exitoso',
  'mensaje_error',
  'objeto_afectado_str',
  'datos_adicionales',
  // Keys that the seed does not have: the core's own id, and the duration of C-13.
  'uuid',
  'duration_ms',
].sort();
const admin = {
  id: 1,
  username: 'admin',
  nombre_completo: 'Administrador Sistema',
  email: 'admin@condominio.com',
  role: 'admin',
};
let server: TestServer;

const { log, get } = condominiumCalls(() => server);

export function entryRows(installation: () => PackInstallation): void {
  beforeAll(async () => {
    server = await installation().tenant('registros');
    const { status } = await server.json('/v1/directory/user/2', {
      method: 'PUT',
      body: JSON.stringify({
        username: 'maria',
        first_name: 'María',
        last_name: 'Soto',
        email: 'maria@condominio.com',
      }),
    });
    expect(status).toBe(204);
  });

  test("C-01 C-03 C-04 F-12 a sign-in by the logger comes back with exactly the keys and values of the seed's sample", async () => {
    const { id } = await log('registrarLogin', {
      usuario: admin,
      ip_address: '192.168.1.100',
      user_agent: 'Firefox',
      token_session: token,
      username: 'admin',
      timestamp: '2025-09-13T06:45:30Z',
      duration_ms: 85,
      datos_adicionales: { rol: 'admin', metodo: 'POST', endpoint: '/api/auth/login/' },
    });
    const page = await get(path);
    expect(Object.keys(page)).toEqual(['count', 'next', 'previous', 'results']);
    expect(page).toMatchObject({ count: 1, next: null, previous: null });
    const [entry] = page.results;
    expect(Object.keys(entry).sort()).toEqual(listKeys);
    expect(entry).toEqual({
      id: 1,
      uuid: id,
      timestamp: '2025-09-13T06:45:30.000Z',
      duration_ms: 85,
      usuario_info: {
        id: 1,
        username: 'admin',
        nombre_completo: 'Administrador Sistema',
        email: 'admin@condominio.com',
      },
      tipo_actividad: 'login',
      tipo_actividad_display: 'Inicio de sesión',
      descripcion: 'Inicio de sesión exitoso para admin',
      nivel_importancia: 'medio',
      nivel_importancia_display: 'Medio',
      nivel_color: '#ffc107',
      ip_address: '192.168.1.100',
      es_exitoso: true,
      mensaje_error: null,
      objeto_afectado_str: 'N/A',
      datos_adicionales: { rol: 'admin', metodo: 'POST', endpoint: '/api/auth/login/', username: 'admin' },
    });
  });

  test('C-06 the token of a session is not stored: its entry has a keyed hash in its place', async () => {
    const { entries } = await get('/v1/events');
    expect(entries[0].event.sessionId).toMatch(/^s_[\w-]{22}$/);
    expect(JSON.stringify(entries)).not.toContain(token);
  });

  test('C-06 events that no pack declares, such as requests of the session, hold no token either, and a search by the token finds them', async () => {
    const { entries: before } = await get(`/v1/events?sessionId=${token}`);
    const sent = await server.send({
      action: 'http.request',
      actor: { id: '1' },
      sessionId: token,
      // The time at which the session was opened; the event does not change it.
      occurredAt: before[0].event.occurredAt ?? before[0].ingestedAt,
      request: { method: 'GET', url: '/api/pagos/', status: 200 },
    });
    const { entries, count } = await get(`/v1/events?sessionId=${token}&count=true`);
    expect(count).toBe(before.length + 1);
    expect(entries[0]).toMatchObject({
      id: sent.body.results[0].id,
      event: { action: 'http.request' },
    });
    const [hidden, ...others] = new Set(entries.map(({ event }: any) => event.sessionId));
    expect([hidden, others]).toEqual([expect.stringMatching(/^s_[\w-]{22}$/), []]);
    expect((await get(`/v1/events?sessionId=${String(hidden)}&count=true`)).count).toBe(count);
    expect((await get(`/v1/events/${entries[0].id}/related`)).session.count).toBe(count);
    const everything = await get(`/v1/facets?fields=sessionId,action`).catch(() => ({}));
    expect(JSON.stringify([entries, everything])).not.toContain(token);
    const { sessions } = await get('/v1/sessions?actor=1');
    expect(sessions.filter((item: any) => item.sessionId === hidden)).toHaveLength(1);
    expect(JSON.stringify(sessions)).not.toContain(token);
  });

  test('C-06 the token is not in the record of the questions that ask for it', async () => {
    const other = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4';
    const asked = [
      `/v1/events?sessionId=${token}`,
      `/v1/facets?fields=action&q=${encodeURIComponent(`-session:${token} é (sessionId:"${token}",${other} or x) module:m`)}`,
      `/v1/events?q=${encodeURIComponent(`sessionId:(${token} OR ${other})`)}`,
      `/v1/events?q=${encodeURIComponent(`sessionId:${token.slice(0, 20)}*`)}`,
    ];
    for (const url of asked) expect((await server.fetch(url)).status).toBe(200);
    const recorded = async (): Promise<string[]> =>
      (await get('/v1/events?ledger=registros.audit&limit=200')).entries.map(({ event }: any) =>
        decodeURIComponent(String(event.request?.url)).replaceAll('+', ' '),
      );
    const hash = String.raw`s_[\w-]{22}`;
    const wanted = [
      `sessionId=${hash}$`,
      `q=-session:${hash} é \\(sessionId:${hash},${hash} or x\\) module:m$`,
      `q=sessionId:\\(${hash} OR ${hash}\\)$`,
    ].map((text) => expect.stringMatching(new RegExp(text)));
    await expect.poll(recorded).toEqual(expect.arrayContaining(wanted));
    const all = (await recorded()).join(' ');
    for (const secret of [token, other, token.slice(0, 20)]) expect(all).not.toContain(secret);
  });

  test('C-01 C-04 one entry shows states before and after, agent and object; a missing entry is 404 with detail', async () => {
    await log('registrarActualizacion', {
      usuario: 2,
      objeto: { content_type: 'unidad', object_id: 41, str: 'Unidad 41' },
      user_agent: 'Chrome',
      // Hosts in Django send an empty text for an unknown value.
      mensaje_error: '',
      datos_anteriores: { telefono: null, dueño: 'Ana' },
      datos_nuevos: { telefono: '+591 7000', dueño: 'Ana', garaje: { numero: 5 } },
      ip_address: '192.168.1.7',
    });
    const [{ id }] = (await get(path)).results;
    const entry = await get(`${path}${id}/`);
    expect(Object.keys(entry).sort()).toEqual(
      [...listKeys, 'user_agent', 'datos_anteriores', 'datos_nuevos', 'content_type', 'object_id'].sort(),
    );
    expect(entry).toMatchObject({
      tipo_actividad: 'actualizar',
      objeto_afectado_str: 'Unidad 41',
      content_type: 'unidad',
      object_id: 41,
      user_agent: 'Chrome',
      datos_anteriores: { telefono: null, dueño: 'Ana' },
      datos_nuevos: { telefono: '+591 7000', dueño: 'Ana', garaje: { numero: 5 } },
      usuario_info: {
        id: 2,
        username: 'maria',
        nombre_completo: 'María Soto',
        email: 'maria@condominio.com',
      },
    });
    const missing = await server.json(`${path}999/`);
    expect(missing).toMatchObject({ status: 404, body: { detail: 'No encontrado.' } });
    for (const far of [2 ** 31 + 1, 999_999_999_999_999])
      expect(await server.json(`${path}${far}/`)).toMatchObject({ status: 404 });
    const wrong = await server.json(`${path}cero/`);
    expect(wrong).toMatchObject({ status: 400, body: { parameter: 'id' } });
    expect(wrong.body.detail).toEqual(expect.any(String));
  });

  test.each([
    [
      'registrarLogin',
      { es_exitoso: false, username: 'root', mensaje_error: 'Credenciales inválidas' },
      'login',
      'alto',
      false,
    ],
    ['registrarLogout', { usuario: 2 }, 'logout', 'bajo', true],
    [
      'registrarCreacion',
      { usuario: 2, objeto: { content_type: 'aviso', object_id: 3, str: 'Aviso' } },
      'crear',
      'medio',
      true,
    ],
    ['registrarEliminacion', { usuario: 2, objeto: 'Aviso viejo' }, 'eliminar', 'alto', true],
    [
      'registrarPago',
      {
        usuario: 2,
        cargo: { content_type: 'cargo', object_id: 9, str: 'Cargo 9' },
        referencia_pago: 'PAG-2025-001',
        monto: '150.00',
      },
      'pago',
      'alto',
      true,
    ],
    [
      'registrarCambioPerfil',
      { usuario: 2, datos_anteriores: { tel: '1' }, datos_nuevos: { tel: '2' } },
      'cambio_perfil',
      'medio',
      true,
    ],
    [
      'registrarCambioRol',
      { usuario: admin, usuario_afectado: 2, rol_anterior: 'resident', rol_nuevo: 'security' },
      'cambio_rol',
      'alto',
      true,
    ],
    [
      'registrarErrorSistema',
      { usuario: 2, error: 'Pasarela caída', contexto: 'Procesamiento de pagos' },
      'error_sistema',
      'critico',
      false,
    ],
    [
      'registrarAccesoDenegado',
      { usuario: 2, recurso: '/admin/audit/', motivo: 'Usuario sin permisos de administrador' },
      'acceso_denegado',
      'alto',
      false,
    ],
    [
      'registrarActividad',
      {
        usuario: 2,
        tipo_actividad: 'reserva_area',
        descripcion: 'Reserva del quincho',
        nivel_importancia: 'bajo',
      },
      'reserva_area',
      'bajo',
      true,
    ],
  ] as const)('C-03 F-12 %s %j', async (logger, body, kind, importance, succeeded) => {
    const { id } = await log(logger, body);
    const [entry] = (await get(`${path}?tipo_actividad=${kind}`)).results;
    expect(entry).toMatchObject({
      uuid: id,
      tipo_actividad: kind,
      nivel_importancia: importance,
      es_exitoso: succeeded,
    });
    expect(entry.descripcion).not.toBe('');
  });

  test('C-03 C-01 entries hold what the functions wrote: reference and amount, roles, error and reason', async () => {
    const [payment] = (await get(`${path}?tipo_actividad=pago`)).results;
    expect(payment).toMatchObject({
      objeto_afectado_str: 'Cargo 9',
      datos_adicionales: { referencia_pago: 'PAG-2025-001', monto: '150.00' },
    });
    const [role] = (await get(`${path}?tipo_actividad=cambio_rol`)).results;
    expect(await get(`${path}${role.id}/`)).toMatchObject({
      datos_anteriores: { rol: 'resident' },
      datos_nuevos: { rol: 'security' },
      content_type: 'usuario',
      object_id: 2,
    });
    const [error] = (await get(`${path}?tipo_actividad=error_sistema`)).results;
    expect(error).toMatchObject({
      mensaje_error: 'Pasarela caída',
      datos_adicionales: { contexto: 'Procesamiento de pagos' },
    });
    const [denied] = (await get(`${path}?tipo_actividad=acceso_denegado`)).results;
    expect(denied.mensaje_error).toBe('Usuario sin permisos de administrador');
    const [own] = (await get(`${path}?tipo_actividad=reserva_area`)).results;
    expect(own.tipo_actividad_display).toBe('Reserva area');
    const [failed] = (await get(`${path}?tipo_actividad=login&es_exitoso=false`)).results;
    expect(failed).toMatchObject({
      usuario_info: null,
      nivel_color: '#fd7e14',
      datos_adicionales: { username: 'root' },
    });
  });

  test('C-03 arguments that are no activity are refused and named', async () => {
    for (const [name, body, parameter] of [
      ['registrarActividad', { descripcion: 'sin tipo' }, 'tipo_actividad'],
      ['registrarActividad', { tipo_actividad: 'x', nivel_importancia: 'enorme' }, 'nivel_importancia'],
      ['registrarActividad', { tipo_actividad: 'x', ip_address: 'aquí' }, 'ip_address'],
      ['registrarActividad', { tipo_actividad: 'x', timestamp: 'ayer' }, 'timestamp'],
      ['registrarActividad', { tipo_actividad: 'x', usuario: { username: 'ana' } }, 'usuario'],
      ['registrarActividad', { tipo_actividad: 'x', datos_nuevos: [1] }, 'datos_nuevos'],
      ['registrarActividad', { tipo_actividad: 'x', descripción: 'x' }, 'descripción'],
      ['registrarLogin', { usuario: 2, es_exitoso: 'false' }, 'es_exitoso'],
      ['registrarLogin', { usuario: [2] }, 'usuario'],
      ['registrarPago', { usuario: 2, cargo: 9, referencia_pago: 'PAG-1' }, 'monto'],
      ['registrarPago', { usuario: 2, cargo: [9], referencia_pago: 'PAG-1', monto: 1 }, 'cargo'],
      ['registrarCreacion', { usuario: 2, objeto: null }, 'objeto'],
      ['registrarCambioRol', { usuario: 2, usuario_afectado: {} }, 'usuario_afectado'],
      ['registrarErrorSistema', { usuario: 2 }, 'error'],
      ['registrarAccesoDenegado', { usuario: 2 }, 'recurso'],
    ] as const) {
      const answer = await server.json(`/v1/packs/condominium/${name}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      expect(answer.status, name).toBe(422);
      expect(answer.body.parameter).toBe(parameter);
      expect(answer.body.results[0].error.field).toBe(parameter);
    }
  });

  test('C-04 every filter narrows the list', async () => {
    const count = async (query: string): Promise<number> => (await get(`${path}?${query}`)).count;
    expect(await count('usuario=2')).toBe(9);
    expect(await count('usuario=1')).toBe(2);
    expect(await count('usuario=maria')).toBe(0);
    expect(await count('nivel_importancia=critico')).toBe(1);
    expect(await count('es_exitoso=false')).toBe(3);
    expect(await count('es_exitoso=true')).toBe(9);
    expect(await count('fecha_fin=2025-09-13')).toBe(1);
    expect(await count('fecha_inicio=2025-09-13T06:45:30Z&fecha_fin=2025-09-13T06:45:30Z')).toBe(1);
    expect(await count('fecha_inicio=2025-09-13T06:45:31Z')).toBe(11);
    expect(await count('busqueda=quincho')).toBe(1);
    expect(await count('busqueda=QUINCHO reserva')).toBe(1);
    expect(await count(`busqueda=${encodeURIComponent('" OR action:*')}`)).toBe(0);
    expect(await count('busqueda=%25')).toBe(0);
    expect(await count('busqueda=192.168.1.7')).toBe(1);
    for (const [query, parameter] of [
      ['nivel_importancia=enorme', 'nivel_importancia'],
      ['es_exitoso=quizas', 'es_exitoso'],
      ['fecha_inicio=ayer', 'fecha_inicio'],
      ['fecha_fin=2025-02-30', 'fecha_fin'],
      [`usuario=${'a'.repeat(2_000)}`, 'usuario'],
      [`busqueda=${'a'.repeat(2_000)}`, 'busqueda'],
      ['page=0', 'page'],
      ['otro=1', 'otro'],
    ]) {
      expect(await server.json(`${path}?${query}`)).toMatchObject({ status: 400, body: { parameter } });
    }
  });

  test('C-04 pages link to their neighbours with absolute URLs that keep the filters', async () => {
    const first = await get(`${path}?page_size=4&usuario=2`);
    expect(first.previous).toBeNull();
    expect(first.next).toBe(`${server.url}${path}?page_size=4&usuario=2&page=2`);
    const second = await (
      await fetch(first.next, { headers: { authorization: `Token ${server.key}` } })
    ).json();
    expect(second.previous).toBe(`${server.url}${path}?page_size=4&usuario=2`);
    const third = await (
      await fetch(second.next, { headers: { authorization: `Token ${server.key}` } })
    ).json();
    expect(third.next).toBeNull();
    const ids = [first, second, third].flatMap((page) => page.results.map((item: any) => item.id));
    expect(ids).toHaveLength(9);
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
    // Links are made from the header Host, so an invalid header is the client's fault.
    for (const host of ['[', 'a b', 'casa:99999']) {
      const headers = { host, authorization: `Token ${server.key}` };
      const [answer] = await once(request(server.url + path, { headers }).end(), 'response');
      expect({ host, status: answer.resume().statusCode }).toEqual({ host, status: 400 });
    }
  });

  test('C-13 entries carry duration_ms; the list is filtered and sorted by it', async () => {
    for (const duration_ms of [1_500, 20, 9_000.5])
      await log('registrarActividad', { usuario: 2, tipo_actividad: 'lento', duration_ms });
    const durations = async (query: string): Promise<unknown[]> =>
      (await get(`${path}?${query}`)).results.map((item: any) => item.duration_ms);
    expect(await durations('tipo_actividad=lento&ordering=-duration_ms')).toEqual([9_000.5, 1_500, 20]);
    expect(await durations('tipo_actividad=lento&ordering=duration_ms')).toEqual([20, 1_500, 9_000.5]);
    expect(await durations('ordering=-duration_ms&page_size=5')).toEqual([9_000.5, 1_500, 85, 20, null]);
    expect(await durations('ordering=-duration_ms&page_size=2&page=2')).toEqual([85, 20]);
    expect(await durations('duration_min=85&ordering=duration_ms')).toEqual([85, 1_500, 9_000.5]);
    expect(await durations('duration_min=85&duration_max=2000&ordering=duration_ms')).toEqual([85, 1_500]);
    expect((await get(`${path}?ordering=-duration_ms`)).count).toBe((await get(path)).count);
  });

  test("C-05 the summary has the seed's eleven keys, and its numbers are those of the entries", async () => {
    const summary = await get(`${path}resumen/`);
    expect(Object.keys(summary)).toEqual([
      'total_registros',
      'registros_hoy',
      'registros_semana',
      'logins_exitosos_hoy',
      'logins_fallidos_hoy',
      'usuarios_activos_hoy',
      'sesiones_activas',
      'errores_criticos_hoy',
      'actividades_por_tipo',
      'usuarios_mas_activos',
      'ips_mas_frecuentes',
    ]);
    expect(summary).toMatchObject({
      total_registros: 15,
      registros_hoy: 14,
      registros_semana: 14,
      logins_exitosos_hoy: 0,
      logins_fallidos_hoy: 1,
      usuarios_activos_hoy: 2,
      sesiones_activas: 0,
      errores_criticos_hoy: 1,
      actividades_por_tipo: { login: 2, lento: 3, pago: 1, reserva_area: 1 },
      usuarios_mas_activos: [
        { usuario__username: 'maria', usuario__email: 'maria@condominio.com', count: 12 },
        { usuario__username: 'admin', usuario__email: 'admin@condominio.com', count: 2 },
      ],
    });
    expect(summary.ips_mas_frecuentes).toEqual(
      expect.arrayContaining([
        { ip_address: '192.168.1.100', count: 1 },
        { ip_address: '192.168.1.7', count: 1 },
      ]),
    );
  });

  test('C-05 an export in CSV or JSON has the filters of the list, and no cell is a formula; other formats are planned', async () => {
    await log('registrarActividad', {
      usuario: 2,
      tipo_actividad: 'nota',
      descripcion: '=HYPERLINK("http://malo.example")',
    });
    const csv = await server.fetch(`${path}exportar/?formato=csv&tipo_actividad=nota`);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(csv.headers.get('content-disposition')).toMatch(
      /^attachment; filename="registros-\d{4}-\d\d-\d\d\.csv"$/,
    );
    const [heading = '', line = '', end] = (await csv.text()).replace('\ufeff', '').split('\r\n');
    expect(heading.split(',').slice(0, 4)).toEqual(['id', 'uuid', 'timestamp', 'usuario_id']);
    expect(line).toContain(`"'=HYPERLINK(""http://malo.example"")"`);
    expect(end).toBe('');
    const all = await server.fetch(`${path}exportar/?formato=json`);
    expect(all.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const rows: any = await all.json();
    expect(rows).toHaveLength((await get(path)).count);
    expect(rows.at(-1)).toMatchObject({ id: 1, username: 'admin', tipo_actividad: 'login' });
    expect(await (await server.fetch(`${path}exportar/?formato=json&busqueda=zzz`)).json()).toEqual([]);
    for (const format of ['xlsx', 'pdf']) {
      const refused = await server.json(`${path}exportar/?formato=${format}`);
      expect(refused).toMatchObject({ status: 400, body: { parameter: 'formato' } });
      expect(refused.body.detail).toContain('informes');
    }
  });

  test('C-05 the export of thousands of entries is whole', async () => {
    const events = Array.from({ length: 2_500 }, (_, n) => ({
      action: 'activity.register',
      actor: { type: 'user', id: '3' },
      attributes: { tipo_actividad: 'masivo', datos_adicionales: { n } },
    }));
    expect((await server.send(events)).status).toBe(201);
    const rows: any = await (
      await server.fetch(`${path}exportar/?formato=json&tipo_actividad=masivo`)
    ).json();
    expect(rows.map((row: any) => row.datos_adicionales.n).sort((a: number, b: number) => a - b)).toEqual(
      events.map((_, n) => n),
    );
  });

  test('C-05 mis_actividades are the activities of the caller, in pages like those of the list', async () => {
    const page = await get(`${path}mis_actividades/`);
    expect(Object.keys(page)).toEqual(['count', 'next', 'previous', 'results']);
    // A key of the host is not a user.
    expect(page.count).toBe(0);
  });

  test('C-08 a caller without credentials gets 401 with detail, a key that only writes gets 403', async () => {
    const anonymous = await fetch(`${server.url}${path}`);
    expect(anonymous.status).toBe(401);
    expect(await anonymous.json()).toMatchObject({
      detail: 'Las credenciales de autenticación no se proveyeron.',
    });
    const { body } = await server.json('/v1/keys', {
      method: 'POST',
      body: JSON.stringify({ name: 'solo escribe', scopes: ['ingest'] }),
    });
    const refused = await server.json(path, { as: body.secret });
    expect(refused.status).toBe(403);
    expect(refused.body.detail).toEqual(expect.any(String));
    // A POST of that page shows it nothing either.
    for (const place of ['estadisticas/generar/', 'sesiones/1/cerrar/']) {
      const asked = { method: 'POST', body: '{}', as: body.secret };
      expect(await server.json(`/api/audit/${place}`, asked), place).toMatchObject({ status: 403 });
    }
  });

  test('C-04 C-08 pages of the configured origins may call with a token, and pages of other origins may not', async () => {
    const preflight = await fetch(`${server.url}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
    const call = await server.fetch(path, { headers: { origin } });
    expect(call.headers.get('access-control-allow-origin')).toBe(origin);
    expect(call.headers.get('access-control-allow-credentials')).toBeNull();
    const stranger = await server.fetch(path, { headers: { origin: 'https://malo.example' } });
    expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
  });
}
