import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { condominiumCalls } from '../../support/condominium-calls.ts';
import { runImport } from '../../support/run-import.ts';
import type { PackInstallation } from '../../support/pack-installation.ts';
import type { TestServer } from '../../support/test-server.ts';

let server: TestServer;
const { get } = condominiumCalls(() => server);
let folder: string;

async function put(type: string, id: string, fields: Record<string, unknown>): Promise<void> {
  const place = `/v1/directory/${type}/${encodeURIComponent(id)}`;
  expect((await server.json(place, { method: 'PUT', body: JSON.stringify(fields) })).status).toBe(204);
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

export function importRows(installation: () => PackInstallation): void {
  beforeAll(async () => {
    server = await installation().tenant('tablas');
    folder = mkdtempSync(join(tmpdir(), 'bitacora-tables-'));
    await put('user', '1', {
      username: 'admin',
      nombre_completo: 'Administrador Sistema',
      email: 'a@condominio.com',
    });
    await put('closing', '12/2025-02', { estado: 'cerrado' });
    await put('client', '12', { nombre: 'Comercial Sur' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('F-13 RegistroAuditoria as CSV: old ids as an attribute, old times, states before and after; a second import adds nothing', async () => {
    const csv = file(
      'registros.csv',
      `id,usuario_id,tipo_actividad,descripcion,nivel_importancia,timestamp,content_type,object_id,ip_address,user_agent,datos_adicionales,datos_anteriores,datos_nuevos,es_exitoso,mensaje_error
71,1,login,Inicio de sesión exitoso para admin,medio,2025-09-13T06:45:30Z,,,192.168.1.100,Firefox,"{""rol"": ""admin"", ""metodo"": ""POST""}",,,True,
72,,error_sistema,Pasarela,critico,2025-09-13T07:00:00Z,,,,,{},,,False,La pasarela no responde
73,1,actualizar,Unidad,alto,2025-09-14T07:00:00Z,unidad,41,192.168.1.100,,,"{""tel"": null}","{""tel"": ""5""}",True,
74,1,reserva_area,Quincho,bajo,2025-09-14T08:00:00Z,area,3,,,,,,True,
`,
    );
    expect(await runImport(server, csv, { map: 'registro-auditoria' })).toMatchObject({
      rows: 4,
      accepted: 4,
      rejected: 0,
    });
    expect(await runImport(server, csv, { map: 'registro-auditoria' })).toMatchObject({
      accepted: 0,
      duplicates: 4,
    });
    const { count, results } = await get('/api/audit/registros/');
    expect(count).toBe(4);
    expect(
      results.map((item: any) => [
        item.tipo_actividad,
        item.nivel_importancia,
        item.es_exitoso,
        item.timestamp,
      ]),
    ).toEqual([
      ['reserva_area', 'bajo', true, '2025-09-14T08:00:00.000Z'],
      ['actualizar', 'alto', true, '2025-09-14T07:00:00.000Z'],
      ['error_sistema', 'critico', false, '2025-09-13T07:00:00.000Z'],
      ['login', 'medio', true, '2025-09-13T06:45:30.000Z'],
    ]);
    expect(results[3]).toMatchObject({
      usuario_info: {
        id: 1,
        username: 'admin',
        nombre_completo: 'Administrador Sistema',
        email: 'a@condominio.com',
      },
      datos_adicionales: { rol: 'admin', metodo: 'POST' },
      ip_address: '192.168.1.100',
    });
    expect(results[2]).toMatchObject({ usuario_info: null, mensaje_error: 'La pasarela no responde' });
    expect(await get(`/api/audit/registros/${results[1].id}/`)).toMatchObject({
      datos_anteriores: { tel: null },
      datos_nuevos: { tel: '5' },
      content_type: 'unidad',
      object_id: 41,
    });
    const { entries } = await get('/v1/events?q=attributes.id_anterior:72');
    expect(entries).toMatchObject([
      { event: { action: 'system.error', occurredAt: '2025-09-13T07:00:00.000Z' } },
    ]);
  });

  test('F-13 SesionUsuario as JSON: open and closed sessions, no token anywhere', async () => {
    const rows = [
      {
        id: 7,
        usuario_id: 1,
        token_session: 'abcdef0123456789secreto',
        ip_address: '10.0.0.7',
        user_agent: 'App',
        fecha_inicio: '2025-09-13T06:45:30Z',
        fecha_ultimo_acceso: '2025-09-13T07:45:30Z',
        esta_activa: false,
        fecha_cierre: '2025-09-13T08:45:30Z',
      },
      {
        id: 8,
        usuario_id: 2,
        token_session: 'otro0123456789secreto',
        ip_address: '10.0.0.8',
        user_agent: null,
        fecha_inicio: '2025-09-13T09:00:00Z',
        fecha_ultimo_acceso: '2025-09-13T09:20:00Z',
        esta_activa: true,
        fecha_cierre: null,
      },
    ];
    const json = file('sesiones.json', JSON.stringify(rows));
    expect(await runImport(server, json, { map: 'sesion-usuario' })).toMatchObject({
      rows: 2,
      accepted: 5,
      rejected: 0,
    });
    const { results } = await get('/api/audit/sesiones/');
    expect(results).toMatchObject([
      {
        usuario: 2,
        ip_address: '10.0.0.8',
        fecha_ultimo_acceso: '2025-09-13T09:20:00.000Z',
        motivo_cierre: 'expiracion',
      },
      {
        usuario: 1,
        ip_address: '10.0.0.7',
        user_agent: 'App',
        duracion_sesion_str: '2:00:00',
        fecha_cierre: '2025-09-13T08:45:30.000Z',
        motivo_cierre: 'logout',
        esta_activa: false,
      },
    ]);
    expect(JSON.stringify(await get('/v1/events?limit=1000'))).not.toContain('secreto');
  });

  test('F-13 TarjetaActivityLog as CSV: a row of an unknown closing is reported, and the others are imported', async () => {
    const csv = file(
      'actividad.csv',
      `id,cliente_id,periodo,tarjeta,accion,descripcion,usuario_id,detalles,resultado,timestamp,ip_address
501,12,2025-02,clasificacion,upload,Archivo subido,1,"{""archivo"": ""plan.xlsx""}",exito,2025-03-01T10:00:00-03:00,192.0.2.10
502,12,2025-02,incidencias,process,Proceso,,{},error,2025-03-01T11:00:00-03:00,
503,99,1999-01,incidencias,process,Proceso,,{},exito,2025-03-01T12:00:00-03:00,
`,
    );
    await expect(runImport(server, csv, { map: 'tarjeta-activity-log' })).rejects.toThrow('1 rejected');
    const missing = runImport(server, '/no/such/file.csv', { map: 'tarjeta-activity-log' });
    await expect(missing).rejects.toThrow(/bitacora: cannot read \/no\/such\/file\.csv: ENOENT[^\n]*\n$/);
    const { count, results } = await get('/api/contabilidad/logs-actividad/');
    expect(count).toBe(2);
    expect(results).toMatchObject([
      {
        tarjeta: 'incidencias',
        resultado: 'error',
        usuario_nombre: 'Sistema',
        timestamp: '2025-03-01T14:00:00.000Z',
      },
      {
        tarjeta: 'clasificacion',
        cliente_id: 12,
        cliente_nombre: 'Comercial Sur',
        estado_cierre: 'cerrado',
        usuario_id: 1,
        detalles: { archivo: 'plan.xlsx' },
        timestamp: '2025-03-01T13:00:00.000Z',
      },
    ]);
    expect((await get('/v1/events?q=attributes.id_anterior:501')).entries).toHaveLength(1);
  });
}
