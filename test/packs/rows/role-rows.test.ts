import { beforeAll, expect, test } from 'vitest';
import type { PackInstallation } from '../../support/pack-installation.ts';
import type { TestServer } from '../../support/test-server.ts';
import { viewerTokens } from '../../support/viewer-tokens.ts';

const base = '/api/audit/';
const people = { admin: '1', resident: '2', security: '3', other: '4' } as const;
type Who = keyof typeof people | 'anonymous';
let server: TestServer;
let tokens: Map<Who, string>;
/** The numbers of an entry and a session of the resident and of another resident. */
const ids = { ownEntry: 0, otherEntry: 0, ownSession: 0, otherSession: 0 };

async function ask(
  who: Who,
  place: string,
  method = 'GET',
): Promise<{ status: number; text: string; body: any }> {
  const token = tokens.get(who);
  const response = await fetch(`${server.url}${base}${place}`, {
    method,
    headers: { ...(token ? { authorization: `Token ${token}` } : {}), 'content-type': 'application/json' },
    ...(method === 'POST' && place.startsWith('estadisticas') ? { body: '{}' } : {}),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, text, body: isJson ? JSON.parse(text) : undefined };
}

/** The answers of the sixteen endpoints to administrators, to residents and guards, and to callers without credentials. */
const endpoints: readonly (readonly [method: string, path: string, admin: number, own: number])[] = [
  ['GET', 'registros/', 200, 200],
  ['GET', 'registros/{entry}/', 200, 200],
  ['GET', 'registros/resumen/', 200, 403],
  ['GET', 'registros/mis_actividades/', 200, 200],
  ['GET', 'registros/exportar/', 200, 403],
  ['GET', 'sesiones/', 200, 200],
  ['GET', 'sesiones/{session}/', 200, 200],
  ['GET', 'sesiones/mis_sesiones/', 200, 200],
  ['GET', 'sesiones/activas/', 200, 200],
  ['GET', 'sesiones/concurrentes/', 200, 200],
  ['GET', 'sesiones/patrones/', 200, 403],
  ['GET', 'estadisticas/', 200, 403],
  ['GET', 'estadisticas/2026-01-31/', 200, 403],
  ['GET', 'estadisticas/tendencias/?dias=7', 200, 403],
  ['POST', 'estadisticas/generar/', 200, 403],
];

export function roleRows(installation: () => PackInstallation): void {
  beforeAll(async () => {
    server = await installation().tenant('roles');
    const tokenOf = await viewerTokens(server, 'roles');
    tokens = new Map(
      Object.entries(people).map(([who, id]) => [
        who as Who,
        tokenOf(id, who === 'other' ? 'resident' : who),
      ]),
    );
    for (const [n, id] of Object.values(people).entries()) {
      for (const [logger, body] of [
        ['registrarLogin', { token_session: `secreto-${id}`, ip_address: `10.0.0.${id}` }],
        [
          'registrarActividad',
          { tipo_actividad: 'reserva', descripcion: `reserva canario${id}`, ip_address: `10.0.0.${id}` },
        ],
      ] as const) {
        const { status } = await server.json(`/v1/packs/condominium/${logger}`, {
          method: 'POST',
          body: JSON.stringify({ usuario: { id, username: `canario${id}` }, ...body }),
        });
        expect(status, String(n)).toBe(201);
      }
    }
    const numberOf = async (place: string): Promise<number> =>
      (await server.json(`${base}${place}`)).body.results[0].id;
    ids.ownEntry = await numberOf('registros/?usuario=2');
    ids.otherEntry = await numberOf('registros/?usuario=4');
    ids.ownSession = await numberOf('sesiones/?usuario=2');
    ids.otherSession = await numberOf('sesiones/?usuario=4');
  });

  test.each(endpoints)('C-07 C-08 %s %s for each role', async (method, path, admin, own) => {
    const place = path.replace('{entry}', String(ids.ownEntry)).replace('{session}', String(ids.ownSession));
    expect((await ask('admin', place, method)).status).toBe(admin);
    const resident = await ask('resident', place, method);
    expect(resident.status, resident.text).toBe(own);
    const nobody = await ask('anonymous', place, method);
    expect(nobody).toMatchObject({ status: 401, body: { detail: expect.any(String) } });
    // The guard has their own entry and does not see the resident's.
    const ownPlace = path.includes('{');
    expect((await ask('security', place, method)).status).toBe(ownPlace ? 404 : own);
    for (const { text, status } of [resident]) {
      if (status === 403) expect(JSON.parse(text).detail).toEqual(expect.any(String));
      expect(text).not.toMatch(/canario[134]/);
    }
  });

  test('C-04 C-08 entries of others: 403 by user, 404 by number, and absent from lists', async () => {
    for (const who of ['resident', 'security'] as const) {
      const page = await ask(who, 'registros/');
      expect(page.body.results.map((item: any) => String(item.usuario_info.id))).toEqual([
        people[who],
        people[who],
      ]);
      expect((await ask(who, `registros/?usuario=${people[who]}`)).body.count).toBe(2);
      expect(await ask(who, `registros/?usuario=${people.other}`)).toMatchObject({
        status: 403,
        body: { parameter: 'usuario', detail: expect.any(String) },
      });
      expect((await ask(who, `registros/?busqueda=canario${people.other}`)).body.count).toBe(0);
      expect((await ask(who, `registros/${ids.otherEntry}/`)).status).toBe(404);
      expect((await ask(who, 'registros/mis_actividades/')).body.count).toBe(2);
    }
    expect((await ask('admin', 'registros/')).body.count).toBe(8);
    expect((await ask('admin', 'registros/?usuario=4')).body.count).toBe(2);
    expect((await ask('admin', 'registros/mis_actividades/')).body.count).toBe(2);
  });

  test('C-06 C-08 sessions of others are hidden; residents may close their own, administrators all', async () => {
    expect((await ask('resident', 'sesiones/')).body.results.map((item: any) => item.usuario)).toEqual([2]);
    expect((await ask('resident', 'sesiones/mis_sesiones/')).body).toMatchObject([
      { usuario: 2, esta_activa: true },
    ]);
    expect((await ask('resident', 'sesiones/?usuario=4')).status).toBe(403);
    expect((await ask('resident', `sesiones/${ids.otherSession}/`)).status).toBe(404);
    expect((await ask('resident', `sesiones/${ids.otherSession}/cerrar/`, 'POST')).status).toBe(404);
    expect((await ask('anonymous', `sesiones/${ids.ownSession}/cerrar/`, 'POST')).status).toBe(401);
    const own = await ask('resident', `sesiones/${ids.ownSession}/cerrar/`, 'POST');
    expect(own).toMatchObject({ status: 200, body: { esta_activa: false, motivo_cierre: 'administrador' } });
    const others = await ask('admin', `sesiones/${ids.otherSession}/cerrar/?motivo=Equipo%20perdido`, 'POST');
    expect(others).toMatchObject({ status: 200, body: { usuario: 4, esta_activa: false } });
    // The owner of the session sees that it was closed and by whom; other residents do not.
    const seen = (await ask('other', 'registros/')).body.results[0];
    expect(seen).toMatchObject({ tipo_actividad: 'sesion_cerrada', usuario_info: { id: 1 } });
    expect((await ask('security', 'registros/?tipo_actividad=sesion_cerrada')).body.count).toBe(0);
  });

  test("C-05 C-07 C-08 an administrator's exports and counts are recorded", async () => {
    expect((await ask('admin', 'registros/exportar/?formato=json')).status).toBe(200);
    const { body } = await server.json('/v1/events?ledger=roles.audit&action=export.create');
    expect(body.entries[0].event).toMatchObject({ actor: { id: people.admin }, operation: 'read' });
    expect((await ask('admin', 'estadisticas/generar/', 'POST')).status).toBe(200);
    const reads = async (): Promise<unknown[]> => {
      const all = await server.json('/v1/events?ledger=roles.audit&action=entry.search&limit=1000');
      return all.body.entries.map(({ event }: any) => `${event.actor.id} ${event.request?.url}`);
    };
    await expect.poll(reads).toContain(`${people.admin} ${base}estadisticas/generar/`);
  });
}
