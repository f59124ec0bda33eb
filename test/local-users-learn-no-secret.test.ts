import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { runPostgres } from './support/run-postgres.ts';
import { startTestServer, type TestServer } from './support/test-server.ts';

const made: string[] = [];
let server: TestServer | undefined;

afterEach(async () => {
  await server?.dispose();
  server = undefined;
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** A data directory that the user of PostgreSQL can enter. */
function dataDirectory(depth = ''): string {
  const outer = mkdtempSync(join(tmpdir(), 'bitacora-local-'));
  made.push(outer);
  chmodSync(outer, 0o755);
  const path = join(outer, depth);
  mkdirSync(path, { recursive: true });
  return path;
}

/** Where earlier versions had their socket and, for a moment, the password of the superuser. */
function guessedFolder(directory: string): string {
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 12);
  return join(tmpdir(), `bitacora-${hash}`);
}

/** The environments of all processes whose command line names the data directory. */
function environmentsOf(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const isOurs =
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(directory, 'postgres')) &&
          /initdb$|postgres$/.test(readlinkSync(`/proc/${pid}/exe`));
        return isOurs ? [readFileSync(`/proc/${pid}/environ`, 'utf8')] : [];
      } catch {
        return [];
      }
    });
}

function socketFolder(directory: string): string {
  return readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[4] ?? '';
}

describe('X26 the embedded database', () => {
  test('puts no socket and no password where another user guessed them, and is reached by its own user only', async () => {
    const directory = dataDirectory();
    const guessed = guessedFolder(directory);
    made.push(guessed);
    mkdirSync(guessed);
    chmodSync(guessed, 0o777);
    // Written by whoever waits for the password, who can read it whatever is written into it later.
    const bait = join(guessed, 'initdb-password');
    writeFileSync(bait, 'bait');
    chmodSync(bait, 0o666);
    server = await startTestServer({}, { dataDirectory: directory, fresh: true });
    expect(readdirSync(guessed)).toEqual(['initdb-password']);
    expect(readFileSync(bait, 'utf8')).toBe('bait');
    const socket = socketFolder(directory);
    expect(socket).toBe(join(directory, 'socket'));
    expect(lstatSync(socket).mode & 0o777).toBe(0o700);
    expect(readdirSync(directory).filter((name) => name.includes('password'))).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')(
    'and the program that makes it get none of the settings and secrets of the server',
    async () => {
      const directory = dataDirectory();
      const seen: string[] = [];
      const canary = 'a-secret-of-this-test';
      const starting = startTestServer(
        {
          BITACORA_SMTP_URL: `smtp://user:${canary}@127.0.0.1:1`,
          BITACORA_MAIL_FROM: 'a@example.com',
          AWS_SECRET: canary,
        },
        { dataDirectory: directory, fresh: true },
      ).then((started) => (server = started));
      while (server === undefined) {
        seen.push(...environmentsOf(directory));
        await Promise.race([starting, sleep(5)]);
      }
      expect(seen.length).toBeGreaterThan(0);
      // The one that the server starts again after a crash, too.
      const before = server.postgresPid();
      process.kill(before, 'SIGKILL');
      await expect.poll(() => pidOf(directory)).not.toBe(before);
      await expect.poll(() => environmentsOf(directory).length).toBeGreaterThan(0);
      const all = new Set([...seen, ...environmentsOf(directory)]);
      for (const environment of all)
        expect(
          environment.split('\0').filter((line) => /BITACORA_|^AWS_/.test(line) || line.includes(canary)),
        ).toEqual([]);
    },
  );

  test('has its socket in a new folder of its own where the path is too long, also after its server was killed', async () => {
    const directory = dataDirectory('deep/'.repeat(30));
    const guessed = guessedFolder(directory);
    made.push(guessed);
    symlinkSync('/nonexistent', guessed);
    server = await startTestServer({}, { dataDirectory: directory, fresh: true });
    const socket = socketFolder(directory);
    expect(socket).not.toBe(guessed);
    expect([lstatSync(socket).isDirectory(), lstatSync(socket).mode & 0o777]).toEqual([true, 0o700]);
    await server.kill();
    await server.restart();
    expect(socketFolder(directory)).not.toBe(socket);
    await expect.poll(() => existsSync(socket)).toBe(false);
    expect((await server.json('/readyz')).status).toBe(200);
    const last = socketFolder(directory);
    await server.stop();
    expect(existsSync(last)).toBe(false);
  });
});

test('X26 a folder of keys that others may enter is closed, and a link in its place is refused', async () => {
  const directory = dataDirectory();
  mkdirSync(join(directory, 'keys'));
  chmodSync(join(directory, 'keys'), 0o777);
  server = await startTestServer({}, { dataDirectory: directory, fresh: true });
  expect(lstatSync(join(directory, 'keys')).mode & 0o777).toBe(0o700);
  const other = dataDirectory();
  const elsewhere = dataDirectory();
  symlinkSync(elsewhere, join(other, 'keys'));
  const start = startTestServer({}, { dataDirectory: other, fresh: true });
  await expect(start).rejects.toThrow(/keys is no folder/);
  expect(readdirSync(elsewhere)).toEqual([]);
});

test('X26 for a database URL without a password the logins get passwords that nobody can derive', async () => {
  const cluster = await runPostgres();
  try {
    const url = new URL(cluster.url);
    url.password = '';
    server = await startTestServer({ BITACORA_DATABASE_URL: url.href });
    expect((await server.send({ action: 'note.write', actor: { id: 'ana' } })).status).toBe(201);
    const superuser = new pg.Client({ connectionString: cluster.url });
    await superuser.connect();
    try {
      const stored = await superuser.query<{ role: string; verifier: string }>(
        "select rolname as role, rolpassword as verifier from pg_authid where rolname like 'postgres\\_%' and rolcanlogin",
      );
      expect(stored.rows).toHaveLength(3);
      for (const { role, verifier } of stored.rows)
        for (const secret of ['127.0.0.1', 'localhost', 'bitacora', 'postgres', '', url.host])
          expect([role, secret, isVerifierOf(verifier, passwordOf(secret, role))]).toEqual([
            role,
            secret,
            false,
          ]);
      await server.stop();
      await server.restart();
      const again = await superuser.query("select 1 from pg_stat_activity where usename = 'postgres_writer'");
      expect(again.rowCount).toBeGreaterThan(0);
    } finally {
      await superuser.end();
    }
  } finally {
    await server?.dispose();
    server = undefined;
    await cluster.close();
  }
});

/** How passwords were derived of what everybody knows. */
function passwordOf(secret: string, role: string): string {
  return createHmac('sha256', secret).update(role).digest('hex');
}

/** Whether a password belongs to a verifier of SCRAM-SHA-256 (RFC 5803). */
function isVerifierOf(verifier: string, password: string): boolean {
  const [, iterations = '', salt = '', stored = ''] =
    /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):/.exec(verifier) ?? [];
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
  const client = createHmac('sha256', salted).update('Client Key').digest();
  return createHash('sha256').update(client).digest('base64') === stored;
}

function pidOf(directory: string): number {
  try {
    return Number(readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
  } catch {
    return 0;
  }
}
