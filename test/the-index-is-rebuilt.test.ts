import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runPostgres, type PostgresCluster } from './support/run-postgres.ts';
import { startTestServer, type TestServer } from './support/test-server.ts';
import { waitUntil } from './support/wait-until.ts';

const program = fileURLToPath(new URL('../packages/cli/bin/bitacora.mjs', import.meta.url));
/** The entries fill one stored span, and some are after it. */
const entries = 17_000;
let database: PostgresCluster;
let superuser: pg.Client;
let server: TestServer;

beforeAll(async () => {
  database = await runPostgres();
  server = await startTestServer({ BITACORA_DATABASE_URL: database.url });
  superuser = new pg.Client({ connectionString: database.url });
  await superuser.connect();
  await superuser.query('set search_path = bitacora');
  for (let sent = 0; sent < entries; sent += 1_000) {
    const batch = Array.from({ length: 1_000 }, (_, n) => ({
      action: n % 4 === 0 ? 'door.open' : 'door.close',
      actor: { id: `u${n % 7}` },
      description: 'a door of the corridor',
    }));
    expect((await server.send(batch)).body.accepted).toBe(1_000);
  }
  await waitUntil('a stored span', async () => (await rows('span')) > 0);
});

afterAll(async () => {
  await superuser?.end();
  await server?.dispose();
  await database?.close();
});

async function rows(table: 'span' | 'posting'): Promise<number> {
  return (await superuser.query(`select 1 from ${table}`)).rowCount ?? 0;
}

/** Answers that need the stored span and the entries after it: by key, by column, by wildcard, by time and by word. */
async function counts(): Promise<unknown> {
  const get = async (place: string): Promise<any> => {
    const { status, body } = await server.json(`${place}&ledger=default`);
    expect(status, place).toBe(200);
    return body;
  };
  const sum = (all: { count: number }[]): number => all.reduce((total, { count }) => total + count, 0);
  const { facets } = await get('/v1/facets?fields=actor&q=action:door.close');
  return {
    opened: (await get('/v1/events?action=door.open&count=true&limit=1')).count,
    closedByActor: sum(facets.actor),
    wild: (await get('/v1/events?q=action:*.open&count=true&limit=1')).count,
    days: sum((await get('/v1/histogram?interval=day&by=outcome&q=action:door.open')).buckets),
    word: (await get('/v1/events?q=corridor&count=true&limit=1')).count,
  };
}

/** Runs `bitacora reindex` on the server's machine. */
function reindex(): Promise<{ stdout: string }> {
  return promisify(execFile)(process.execPath, ['--conditions=bitacora:source', program, 'reindex'], {
    env: {
      ...process.env,
      BITACORA_DATA_DIR: server.dataDirectory,
      BITACORA_DATABASE_URL: database.url,
    },
  });
}

test('C-11 a damaged search index is rebuilt while no server runs, and the answers are right again', async () => {
  const opened = entries / 4;
  const closedByActor = (entries * 3) / 4;
  const right = { opened, closedByActor, wild: opened, days: opened, word: entries };
  expect(await counts()).toEqual(right);
  await expect(reindex()).rejects.toMatchObject({ code: 2 });
  await server.stop();
  await superuser.query('delete from posting');
  await server.restart();
  expect(await counts()).not.toEqual(right);
  await server.stop();
  // The database says that a server was just at work, also if the command takes long to start.
  await superuser.query("update heartbeat set at = now() + interval '1 hour'");
  await expect(reindex()).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('stop all servers'),
  });
  expect(await rows('posting')).toBe(0);
  await superuser.query("update heartbeat set at = now() - interval '1 hour'");
  expect((await reindex()).stdout).toContain('default: 16384 entries in stored spans\n');
  expect(await rows('posting')).toBeGreaterThan(0);
  await server.restart();
  expect(await counts()).toEqual(right);
});
