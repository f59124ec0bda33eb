import { spawnSync } from 'node:child_process';
import { chownSync, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runPostgres, unprivileged, type PostgresCluster } from './support/run-postgres.ts';
import { startTestServer, type TestServer } from './support/test-server.ts';
import { patienceMs, waitUntil } from './support/wait-until.ts';

const program = fileURLToPath(new URL('../packages/server/src/main.ts', import.meta.url));

/** Checks what every installation must do: store, find, count, prove, and keep entries over a restart. */
async function smoke(server: TestServer): Promise<void> {
  const events = Array.from({ length: 300 }, (_, number) => ({
    action: 'invoice.update',
    actor: { id: `u${number % 7}`, name: 'Ana Ñúñez' },
    attributes: { number },
    description: `wire transfer ${number}`,
  }));
  const sent = await server.send(events);
  expect(sent).toMatchObject({ status: 201, body: { accepted: 300 } });
  const ids: string[] = sent.body.results.map((result: { id: string }) => result.id);
  const questions = async (): Promise<void> => {
    expect((await server.json('/v1/events?q="wire transfer"&actor=u3&count=true')).body.count).toBe(43);
    expect((await server.json('/v1/facets?fields=action,actor')).body.facets).toMatchObject({
      action: [{ value: 'invoice.update', count: 300 }],
      actor: expect.arrayContaining([{ value: 'u0', count: 43 }]),
    });
    expect((await server.json(`/v1/events/${ids[5]}`)).body.event).toMatchObject(events[5] ?? {});
    expect(await (await server.fetch(`/v1/events/${ids[299]}/proof`)).text()).toMatch(
      /^c2sp\.org\/tlog-proof@v1\n/,
    );
  };
  await questions();
  expect(await server.stop()).toBe(0);
  await server.restart();
  await questions();
  expect((await server.json('/readyz')).status).toBe(200);
}

/** Starts a server that must not start; returns its exit code and its output. */
function refused(environment: Record<string, string>): { code: number | null; said: string } {
  const directory = mkdtempSync(join(tmpdir(), 'bitacora-refused-'));
  const { status, stderr } = spawnSync(process.execPath, ['--conditions=bitacora:source', program, 'serve'], {
    env: { ...process.env, BITACORA_DATA_DIR: directory, BITACORA_PORT: '0', ...environment },
    encoding: 'utf8',
    timeout: patienceMs,
  });
  rmSync(directory, { recursive: true, force: true });
  return { code: status, said: stderr };
}

test('F-10 everything works on the embedded database, and a second server on its data directory is refused', async () => {
  const server = await startTestServer({}, { fresh: true });
  await smoke(server);
  const { code, said } = refused({ BITACORA_DATA_DIR: server.dataDirectory });
  expect({ code, said }).toEqual({ code: 2, said: expect.stringContaining('is held by process') });
  expect((await server.json('/readyz')).status).toBe(200);
  await server.dispose();
});

describe('F-10 on a PostgreSQL server by URL', () => {
  let cluster: PostgresCluster;
  beforeAll(async () => {
    cluster = await runPostgres();
  });
  afterAll(async () => {
    await cluster.close();
  });

  test('everything works, nothing embedded is started, and two servers on one database accept and answer as one', async () => {
    const first = await startTestServer({ BITACORA_DATABASE_URL: cluster.url });
    expect(existsSync(join(first.dataDirectory, 'postgres'))).toBe(false);
    await smoke(first);
    // A second process needs the same keys.
    const directory = mkdtempSync(join(tmpdir(), 'bitacora-second-'));
    cpSync(join(first.dataDirectory, 'keys'), join(directory, 'keys'), { recursive: true });
    const second = await startTestServer(
      { BITACORA_DATABASE_URL: cluster.url },
      { dataDirectory: directory },
    );
    const both = [first, second];
    const acknowledged = await Promise.all(
      Array.from({ length: 60 }, async (_, number) => {
        const { status, body } = await (both[number % 2] ?? first).send(
          Array.from({ length: 20 }, () => ({ action: 'both.write', actor: { id: `w${number}` } })),
        );
        expect(status).toBe(201);
        return body.results.map((result: { index: number }) => result.index);
      }),
    );
    expect(acknowledged.flat().sort((a: number, b: number) => a - b)).toEqual(
      Array.from({ length: 1_200 }, (_, number) => 300 + number),
    );
    for (const server of both) {
      expect((await server.json('/v1/events?action=both.write&count=true')).body.count).toBe(1_200);
      await waitUntil(
        'the checkpoint of all',
        async () =>
          (await (await server.fetch('/v1/tlog/default/checkpoint')).text()).split('\n')[1] === '1500',
      );
    }
    for (const server of both) await server.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  test('a missing database, an invalid URL and a login without rights are reported in plain words', () => {
    expect(refused({ BITACORA_DATABASE_URL: 'postgres://a:secret@127.0.0.1:1/x' })).toEqual({
      code: 2,
      said: expect.not.stringContaining('secret'),
    });
    expect(refused({ BITACORA_DATABASE_URL: 'mysql://localhost/x' })).toEqual({
      code: 2,
      said: expect.stringContaining('BITACORA_DATABASE_URL'),
    });
  });
});

test.each(['fsync', 'full_page_writes', 'synchronous_commit'])(
  'the server does not start on a database with %s off, because it could lose acknowledged events',
  async (setting) => {
    const cluster = await runPostgres({ [setting]: 'off' });
    const { code, said } = refused({ BITACORA_DATABASE_URL: cluster.url });
    await cluster.close();
    expect({ code, said }).toEqual({ code: 2, said: expect.stringContaining(`${setting} is off`) });
  },
  60_000,
);

test.skipIf(process.getuid?.() !== 0)(
  'F-10 an ordinary user can run it as root can',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bitacora-nobody-'));
    const user = unprivileged('nobody');
    chownSync(directory, user.uid, user.gid);
    const server = await startTestServer({}, { dataDirectory: directory, user });
    await smoke(server);
    await server.dispose();
    rmSync(directory, { recursive: true, force: true });
  },
  60_000,
);
