import { randomBytes } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { startExampleHost } from '../../support/example-host.ts';
import type { PackInstallation } from '../../support/pack-installation.ts';
import type { TestServer } from '../../support/test-server.ts';

const secret = randomBytes(32).toString('base64url');
let server: TestServer;

const byLetters = (a: string, b: string): number => (a < b ? -1 : 1);

export function hostRows(installation: () => PackInstallation): void {
  beforeAll(async () => {
    ({ server } = installation());
    const { status } = await server.json('/v1/viewer-keys/condominium', {
      method: 'PUT',
      body: JSON.stringify({ issuer: 'condominium', algorithm: 'HS256', key: secret }),
    });
    expect(status).toBe(200);
  });

  test("C-01 C-03 C-06 C-08 a condominium with the SDK: sign-ins, payments, roles and refusals, read with the host's tokens", async () => {
    const host = await startExampleHost('condominium', { server, secret });
    const { call } = host;
    try {
      expect((await call('POST', '/login', { username: 'maria', password: 'no' })).status).toBe(401);
      const maria = (await call('POST', '/login', { username: 'maria', password: 'puerta azul' })).body;
      const admin = (await call('POST', '/login', { username: 'admin', password: 'llave maestra' })).body;
      expect((await call('POST', '/charges/9/pay', { reference: 'PAG-1' }, maria.token)).status).toBe(200);
      expect((await call('PUT', '/users/pedro/role', { role: 'admin' }, maria.token)).status).toBe(403);
      expect((await call('PUT', '/users/pedro/role', { role: 'resident' }, admin.token)).status).toBe(200);
      expect((await call('POST', '/logout', {}, maria.token)).status).toBe(204);
      await host.stop();

      const list = async (token: string, query = ''): Promise<any[]> => {
        const response = await fetch(`${server.url}/api/audit/registros/${query}`, {
          headers: { authorization: `Token ${token}` },
        });
        expect(response.status).toBe(200);
        return ((await response.json()) as any).results;
      };
      const kinds = (entries: any[]): string[] =>
        entries.map((item): string => item.tipo_actividad).toSorted(byLetters);
      expect(kinds(await list(maria.auditToken))).toEqual([
        'acceso_denegado',
        'login',
        'login',
        'logout',
        'pago',
      ]);
      expect(kinds(await list(admin.auditToken, '?usuario=1'))).toEqual(['cambio_rol', 'login']);
      const [payment] = await list(maria.auditToken, '?tipo_actividad=pago');
      expect(payment).toMatchObject({
        ip_address: expect.stringMatching(/127\.0\.0\.1|::1/),
        objeto_afectado_str: 'Cargo 9',
        datos_adicionales: { referencia_pago: 'PAG-1', monto: '150.00' },
      });
      const sessions = await fetch(`${server.url}/api/audit/sesiones/mis_sesiones/`, {
        headers: { authorization: `Token ${maria.auditToken}` },
      });
      expect(await sessions.json()).toMatchObject([
        { usuario: 2, user_agent: 'Firefox', motivo_cierre: 'logout' },
      ]);
      const all = JSON.stringify((await server.json('/v1/events?limit=1000')).body);
      expect(all).not.toContain(maria.token);
      expect(all).not.toContain('puerta azul');
    } finally {
      await host.stop();
    }
  });
}
