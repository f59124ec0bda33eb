import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import type { PackInstallation } from '../../support/pack-installation.ts';
import type { TestServer } from '../../support/test-server.ts';

const cli = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));
const run = promisify(execFile);
let server: TestServer;

/** The key in the link to the demo's page. */
const demoKey = (): string =>
  `bta_own_${createHash('sha256').update(`demo ${server.key}`).digest('base64url')}`;

export function demoRows(installation: () => PackInstallation): void {
  beforeAll(() => {
    ({ server } = installation());
  });

  test('C-11 the demo holds at least 45 entries, 14 sessions and 12 days, in a tenant of its own', async () => {
    const get = async (place: string): Promise<any> =>
      (await server.json(`/api/audit/${place}`, { as: demoKey() })).body;
    await expect.poll(async () => (await get('registros/')).count).toBeGreaterThanOrEqual(45);
    await expect.poll(async () => (await get('sesiones/')).count).toBeGreaterThanOrEqual(14);
    expect((await get('estadisticas/')).count).toBeGreaterThanOrEqual(12);
    expect((await get('sesiones/concurrentes/')).map((item: any) => item.usuario)).toEqual([1]);
    expect((await get('registros/?tipo_actividad=pago')).count).toBeGreaterThan(3);
    expect((await get('registros/?duration_min=30000')).count).toBe(2);
    expect((await server.json('/api/audit/registros/')).body.count).toBe(0);
  });

  test('C-07 C-11 bitacora stats build --date counts a day, and reports when no pack has statistics', async () => {
    const build = (...args: string[]): Promise<string> =>
      run(process.execPath, ['--conditions=bitacora:source', cli, 'stats', 'build', ...args], {
        env: { ...process.env, BITACORA_URL: server.url, BITACORA_API_KEY: server.key },
      }).then(({ stdout }) => stdout);
    expect(JSON.parse(await build('--date', '2025-09-13'))).toMatchObject({
      fecha: '2025-09-13',
      total_actividades: 0,
    });
    expect(JSON.parse(await build()).fecha).toMatch(/^\d{4}-\d\d-\d\d$/);
    if (installation().store === 'redis') return;
    // These calls are refused before the database is asked.
    await expect(build('--pack', 'otro')).rejects.toThrow(/no pack of the server has stats build/);
    await expect(build('--date', 'ayer')).rejects.toThrow(/fecha/);
    await expect(build('--url', 'nada')).rejects.toThrow(/bitacora: --url: not an http\(s\) URL: nada\n$/);
  });
}
