import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWithPack } from '../support/start-with-pack.ts';
import type { TestServer } from '../support/test-server.ts';

const cli = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
let server: TestServer;

beforeAll(async () => {
  server = await startWithPack(
    { folder: 'condominium', exported: 'condominium' },
    { BITACORA_TIME_ZONE: 'America/La_Paz' },
    ['--demo'],
  );
});
afterAll(() => server?.dispose());

/** The key that the page of the demo is opened with. */
const demoKey = (): string =>
  `bta_own_${createHash('sha256').update(`demo ${server.key}`).digest('base64url')}`;

test('C-11 the demo holds at least 45 entries, 14 sessions and 12 days, in a tenant of its own', async () => {
  const get = async (place: string): Promise<any> =>
    (await server.json(`/api/audit/${place}`, { as: demoKey() })).body;
  await expect
    .poll(async () => (await get('registros/')).count, { timeout: 20_000 })
    .toBeGreaterThanOrEqual(45);
  await expect
    .poll(async () => (await get('sesiones/')).count, { timeout: 20_000 })
    .toBeGreaterThanOrEqual(14);
  expect((await get('estadisticas/')).count).toBeGreaterThanOrEqual(12);
  expect((await get('sesiones/concurrentes/')).map((one: any) => one.usuario)).toEqual([1]);
  expect((await get('registros/?tipo_actividad=pago')).count).toBeGreaterThan(3);
  expect((await get('registros/?duration_min=30000')).count).toBe(2);
  expect((await server.json('/api/audit/registros/')).body.count).toBe(0);
});

test('C-07 C-11 bitacora stats build --date counts a day; without a pack that has statistics it says so', () => {
  const run = (...args: string[]): string =>
    execFileSync(process.execPath, ['--conditions=bitacora:source', cli, 'stats', 'build', ...args], {
      encoding: 'utf8',
      env: { ...process.env, BITACORA_URL: server.url, BITACORA_API_KEY: server.key },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  expect(JSON.parse(run('--date', '2025-09-13'))).toMatchObject({
    fecha: '2025-09-13',
    total_actividades: 0,
  });
  expect(JSON.parse(run()).fecha).toMatch(/^\d{4}-\d\d-\d\d$/);
  expect(() => run('--pack', 'otro')).toThrow(/no pack of the server has stats build/);
  expect(() => run('--date', 'ayer')).toThrow(/fecha/);
});
