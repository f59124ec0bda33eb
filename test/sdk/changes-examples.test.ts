import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHostDatabase } from '../support/host-database.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { generatePrisma } from './mappers/prisma-host.ts';

const examples = fileURLToPath(new URL('../../examples/databases/', import.meta.url));
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.dispose());

test.each([
  ['kysely', 'main.ts'],
  ['drizzle', 'main.ts'],
  ['typeorm', 'main.ts'],
  ['prisma', 'main.mjs'],
])('F-03 SDK-31 the example for %s runs, and its changes are in the ledger', async (name, file) => {
  if (name === 'prisma') generatePrisma(`${examples}prisma/schema.prisma`);
  const database = await createHostDatabase(server.superuserUrl(), name);
  const child = spawn(process.execPath, ['--conditions=bitacora:source', `${examples}${name}/${file}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DATABASE_URL: database, BITACORA_URL: server.url, BITACORA_API_KEY: server.key },
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = await once(child, 'exit');
  expect([said, code]).toEqual(['6 events sent\n', 0]);
  const { body } = await server.json('/v1/events?limit=6');
  const events = body.entries.map(({ event }: any) => event).toReversed();
  expect(events.map(({ action }: any) => action)).toEqual([
    'booking.create',
    'booking.create',
    'booking.update',
    'booking.update',
    'booking.delete',
    'booking.confirm',
  ]);
  for (const event of events) expect(event.actor).toMatchObject({ type: 'user', id: 'u-7', name: 'Ada' });
  expect(events[3]).toMatchObject({
    targets: [{ name: 'Bo' }],
    changes: [{ path: 'nights', before: 2, after: 3 }],
  });
});
