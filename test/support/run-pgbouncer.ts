import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { unprivileged } from './run-postgres.ts';
import { waitUntil } from './wait-until.ts';

export interface Pooler {
  /** host:port */
  address: string;
  close(): Promise<void>;
}

/**
 * PgBouncer in transaction mode in front of a PostgreSQL that asks for no password, with few connections for each login. The
 * first login exists already.
 */
export async function runPgBouncer(databaseUrl: string, logins: readonly string[]): Promise<Pooler> {
  installWhenMissing();
  const owner = process.getuid?.() === 0 ? unprivileged('postgres') : undefined;
  const directory = mkdtempSync(join(tmpdir(), 'bitacora-pgbouncer-'));
  chmodSync(directory, 0o755);
  if (owner) chownSync(directory, owner.uid, owner.gid);
  const { hostname, port: databasePort } = new URL(databaseUrl);
  const port = await freePort();
  const users = join(directory, 'users');
  writeFileSync(users, logins.map((login) => `"${login}" ""\n`).join(''));
  const configuration = join(directory, 'pgbouncer.ini');
  writeFileSync(
    configuration,
    `[databases]
* = host=${hostname} port=${databasePort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = 3
max_client_conn = 200
server_reset_query =
`,
  );
  const child = spawn('pgbouncer', ['-q', configuration], { ...owner, stdio: 'ignore' });
  const url = `postgres://${logins[0]}@127.0.0.1:${port}/postgres`;
  await waitUntil('PgBouncer', () => answers(url)).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    address: `127.0.0.1:${port}`,
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client(url);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function installWhenMissing(): void {
  if (spawnSync('pgbouncer', ['--version']).status === 0) return;
  if (process.getuid?.() === 0) {
    spawnSync('apt-get', ['update'], { stdio: 'ignore' });
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'pgbouncer'], { stdio: 'ignore' });
  }
  if (spawnSync('pgbouncer', ['--version']).status !== 0)
    throw new Error(
      'these tests need PgBouncer: apt-get install pgbouncer (as root they do that by themselves)',
    );
}
