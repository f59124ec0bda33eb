import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './free-port.ts';
import { connectToRedis, type RedisClient } from './redis-client.ts';
import { waitUntil } from './wait-until.ts';

export interface RunningRedis {
  port: number;
  /** URL of database 1, in which the settings have the recent store. */
  url: string;
  /** A connection of the test to database 1. After a restart it is a new connection. */
  client(): RedisClient;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
  /** Starts an empty Redis at the same port. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a real Redis without files, on a free port. */
export async function runRedis(settings: Record<string, string> = {}): Promise<RunningRedis> {
  haveRedis();
  const port = await freePort();
  let child: ChildProcess;
  let client: RedisClient;
  const start = async (): Promise<void> => {
    const all = { port: String(port), bind: '127.0.0.1', save: '', appendonly: 'no', ...settings };
    const flags = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
    child = spawn('redis-server', flags, { stdio: 'ignore' });
    client = await waitUntil('Redis', () => connectToRedis(port).catch(() => undefined));
    await client.run('SELECT', '1');
  };
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    client.close();
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}/1`,
    client: () => client,
    kill,
    restart: start,
    close: kill,
  };
}

/** The program of Debian's package. Without it the tests fail; they do not pass without testing. */
function haveRedis(): void {
  const found = (): boolean => spawnSync('redis-server', ['--version']).status === 0;
  if (found()) return;
  if (process.getuid?.() === 0) {
    spawnSync('apt-get', ['update'], { stdio: 'ignore' });
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server'], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  if (!found())
    throw new Error('the tests of the recent store need redis-server: apt-get install redis-server');
}
