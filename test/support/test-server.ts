import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseJson } from '@bitacora/event';
import { copyClusterTemplate } from './cluster-template.ts';

const program = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));
const adminKey = 'test-admin-key-0123456789';

export interface TestServer {
  url: string;
  key: string;
  dataDirectory: string;
  pid: number;
  /** Pid of the embedded PostgreSQL. */
  postgresPid(): number;
  /** URL of its database for a superuser, for tests that act as the administrator of the database. */
  superuserUrl(): string;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
  /** Sends SIGTERM and waits for the end; returns the exit code. */
  stop(): Promise<number | null>;
  /** Starts again on the same data directory (after kill or stop). */
  restart(environment?: Record<string, string>): Promise<void>;
  fetch(path: string, options?: RequestInit & { as?: string }): Promise<Response>;
  json(path: string, options?: RequestInit & { as?: string }): Promise<{ status: number; body: any }>;
  /** Sends events as JSON. */
  send(events: unknown, options?: { as?: string; ledger?: string }): Promise<{ status: number; body: any }>;
  /** Stops server and database and removes the data. */
  dispose(): Promise<void>;
  log(): string;
}

/**
 * A real server process on an embedded PostgreSQL of its own, in a temporary directory; `environment` may point it to
 * another database.
 */
export async function startTestServer(
  environment: Record<string, string> = {},
  options: {
    /** Kept when the server is disposed of; by default a temporary directory. */ dataDirectory?: string;
    /** The user of the process; by default the user of the tests. */ user?: { uid: number; gid: number };
    /** Further arguments of `serve`. */ args?: readonly string[];
    /** The server creates its database itself, as on a new machine. */ fresh?: boolean;
  } = {},
): Promise<TestServer> {
  const dataDirectory = options.dataDirectory ?? mkdtempSync(join(tmpdir(), 'bitacora-test-'));
  // When the tests run as root, the embedded PostgreSQL runs as another user.
  if (options.dataDirectory === undefined) chmodSync(dataDirectory, 0o755);
  const ownDatabase = environment['BITACORA_DATABASE_URL'] === undefined && !options.fresh;
  if (ownDatabase && options.dataDirectory === undefined && !options.user) copyClusterTemplate(dataDirectory);
  let child: ChildProcess;
  let url = '';
  let log = '';
  const start = async (extra: Record<string, string> = {}): Promise<void> => {
    child = spawn(
      process.execPath,
      ['--conditions=bitacora:source', '--max-semi-space-size=64', program, 'serve', ...(options.args ?? [])],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        ...options.user,
        env: {
          ...process.env,
          BITACORA_DATA_DIR: dataDirectory,
          BITACORA_PORT: '0',
          BITACORA_ADMIN_KEY: adminKey,
          BITACORA_LOG_LEVEL: 'warn',
          ...environment,
          ...extra,
        },
      },
    );
    child.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()));
    url = await new Promise<string>((resolve, reject) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        const found = /listens on (http:\S+)/.exec(log.slice(-4_000))?.[1];
        if (found) resolve(found);
      });
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${log}`)));
    });
    log = '';
  };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  await start();
  const server: TestServer = {
    get url() {
      return url;
    },
    key: adminKey,
    dataDirectory,
    get pid() {
      return child.pid ?? 0;
    },
    postgresPid: () =>
      Number(readFileSync(join(dataDirectory, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]),
    superuserUrl() {
      const lines = readFileSync(join(dataDirectory, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
      const secret = readFileSync(join(dataDirectory, 'keys', 'postgres-superuser'), 'utf8').trim();
      return `postgres://postgres:${Buffer.from(secret, 'base64url').toString('hex')}@127.0.0.1:${lines[3]}/bitacora`;
    },
    async kill() {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
    restart: start,
    fetch: (path, { as = adminKey, ...options } = {}) =>
      fetch(url + path, {
        ...options,
        headers: { authorization: `Bearer ${as}`, ...(options.headers as Record<string, string>) },
      }),
    async json(path, options) {
      const response = await server.fetch(path, options);
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : parseJson(text) };
    },
    send: (events, { as, ledger } = {}) =>
      server.json(`/v1/events${ledger === undefined ? '' : `?ledger=${ledger}`}`, {
        method: 'POST',
        body: JSON.stringify(events),
        headers: { 'content-type': 'application/json' },
        ...(as === undefined ? {} : { as }),
      }),
    async dispose() {
      await end('SIGTERM');
      // A killed server leaves its database running.
      try {
        process.kill(server.postgresPid(), 'SIGQUIT');
      } catch {
        // It has ended already.
      }
      if (options.dataDirectory === undefined) rmSync(dataDirectory, { recursive: true, force: true });
    },
    log: () => log,
  };
  return server;
}
