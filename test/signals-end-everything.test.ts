import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { copyClusterTemplate } from './support/cluster-template.ts';
import { patienceMs } from './support/wait-until.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = join(root, 'packages', 'server', 'src', 'main.ts');
const patience = { timeout: patienceMs };
const started: Started[] = [];

/** A program of ours in a process group of its own, as a service manager or a shell starts it. */
interface Started {
  directory: string;
  group: number;
  child: ChildProcess;
  output(): string;
}

afterEach(async () => {
  for (const { child, group, directory } of started.splice(0)) {
    signalTo(-group, 'SIGKILL');
    for (const pid of processesOf({ directory, group })) signalTo(pid, 'SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(directory, { recursive: true, force: true });
  }
});

function dataDirectory({ fresh = false } = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'bitacora-signals-'));
  chmodSync(directory, 0o755);
  if (!fresh) copyClusterTemplate(directory);
  return directory;
}

function start(command: readonly string[], directory = dataDirectory(), port = '0'): Started {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, BITACORA_DATA_DIR: directory, BITACORA_PORT: port, BITACORA_LOG_LEVEL: 'warn' },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk));
  const it = { directory, group: child.pid ?? 0, child, output: () => text };
  started.push(it);
  return it;
}

const npmStart = ['npm', 'start'];
const serve = [process.execPath, '--conditions=bitacora:source', main, 'serve'];
const bitacora = [
  process.execPath,
  '--conditions=bitacora:source',
  join(root, 'packages', 'cli', 'src', 'main.ts'),
  'serve',
];

async function ready(it: Started): Promise<void> {
  await expect.poll(() => it.output(), patience).toContain('API reference');
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

/** Process ids of the program's group, and of all processes that name its data directory. */
function processesOf({ directory, group }: Pick<Started, 'directory' | 'group'>): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const { state, processGroup } = statOf(pid);
        const named = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory);
        return state !== 'Z' && (named || processGroup === group);
      } catch {
        return false;
      }
    });
}

function statOf(pid: number): { state: string; parent: number; processGroup: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [state = '', parent, processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state, parent: Number(parent), processGroup: Number(processGroup) };
}

const serverOf = ({ directory }: Started): number =>
  JSON.parse(readFileSync(join(directory, 'server.lock'), 'utf8')).pid;

async function nothingIsLeft(it: Started): Promise<void> {
  await expect.poll(() => processesOf(it), patience).toEqual([]);
}

/** Whether the database was shut down by its own program. */
const isClean = ({ directory }: Started): boolean =>
  !existsSync(join(directory, 'postgres', 'postmaster.pid')) && !existsSync(join(directory, 'server.lock'));

const orders: readonly (readonly NodeJS.Signals[])[] = [
  ['SIGTERM'],
  ['SIGINT'],
  ['SIGHUP'],
  ['SIGQUIT'],
  ['SIGTERM', 'SIGTERM', 'SIGTERM'],
  ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGINT'],
];

describe.skipIf(process.platform !== 'linux')('F-11 signals', () => {
  test.each(orders.map((order) => [order.join(' '), order] as const))(
    '%s to the whole process group of npm start ends server and database cleanly',
    async (_, order) => {
      const it = start(npmStart);
      await ready(it);
      for (const signal of order) signalTo(-it.group, signal);
      await nothingIsLeft(it);
      expect(isClean(it)).toBe(true);
    },
  );

  test.each([
    ['npm start', npmStart],
    ['bitacora serve', bitacora],
    ['the server itself', serve],
  ])('twenty signals of each kind, to each process of %s, end it cleanly', async (_, command) => {
    const it = start(command);
    await ready(it);
    const server = serverOf(it);
    for (let round = 0; round < 20; round++)
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)
        for (const pid of [server, statOf(server).parent]) if (pid !== process.pid) signalTo(pid, signal);
    await nothingIsLeft(it);
    expect(isClean(it)).toBe(true);
  });

  test.each(['server.lock', 'postgres/postmaster.pid', 'postgres.log'])(
    'a signal to the group as soon as there is %s ends what had begun',
    async (file) => {
      for (const command of [npmStart, serve]) {
        const it = start(command);
        await expect
          .poll(() => existsSync(join(it.directory, file)), { ...patience, interval: 1 })
          .toBe(true);
        signalTo(-it.group, 'SIGTERM');
        await nothingIsLeft(it);
        expect(isClean(it)).toBe(true);
      }
    },
  );

  test('a signal while the database is made leaves nothing that runs, and the next start makes it', async () => {
    const directory = dataDirectory({ fresh: true });
    const it = start(serve, directory);
    await expect
      .poll(() => existsSync(join(directory, 'postgres.new')), { ...patience, interval: 1 })
      .toBe(true);
    signalTo(-it.group, 'SIGTERM');
    await nothingIsLeft(it);
    const next = start(serve, directory);
    await ready(next);
    signalTo(next.group, 'SIGTERM');
    await nothingIsLeft(next);
    expect(isClean(next)).toBe(true);
  });

  test.each([
    ['the server', (it: Started) => [serverOf(it)]],
    ['the program that started the server', (it: Started) => [statOf(serverOf(it)).parent]],
    ['the whole process group', (it: Started) => [-it.group]],
  ])('SIGKILL to %s leaves nothing that runs, and the next start works', async (what, victims) => {
    const it = start(npmStart);
    await ready(it);
    for (const pid of victims(it)) signalTo(pid, 'SIGKILL');
    await nothingIsLeft(it);
    const next = start(serve, it.directory);
    await ready(next);
    expect(next.output().includes('ended without closing')).toBe(
      what !== 'the program that started the server',
    );
    signalTo(next.group, 'SIGTERM');
    await nothingIsLeft(next);
    expect(isClean(next)).toBe(true);
  });

  test('a server that is killed and started again at once gets its database back', async () => {
    let it = start(serve);
    for (let cycle = 0; cycle < 4; cycle++) {
      await ready(it);
      signalTo(it.group, 'SIGKILL');
      it = start(serve, it.directory);
    }
    await ready(it);
    signalTo(it.group, 'SIGTERM');
    await nothingIsLeft(it);
  });
});

describe.skipIf(process.platform !== 'linux')('F-11 a start that is refused', () => {
  test('because the port is in use makes no database', async () => {
    const busy = createServer();
    busy.listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const address = busy.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    const it = start(serve, dataDirectory({ fresh: true }), port);
    await once(it.child, 'exit');
    busy.close();
    expect([it.child.exitCode, it.output()]).toEqual([2, expect.stringContaining(`127.0.0.1:${port}`)]);
    expect(readdirSync(it.directory)).toEqual([]);
  });

  test.each([
    ['a key of this installation is damaged', 'keys/signing'],
    ['the master secret is damaged', 'keys/master'],
    ['a checkpoint cannot be read', 'checkpoints'],
  ])('after PostgreSQL runs, because %s, leaves no PostgreSQL', async (_, path) => {
    const first = start(serve);
    await ready(first);
    signalTo(first.group, 'SIGTERM');
    await nothingIsLeft(first);
    rmSync(join(first.directory, path), { recursive: true, force: true });
    writeFileSync(join(first.directory, path), 'x');
    const it = start(serve, first.directory);
    await once(it.child, 'exit');
    expect(it.child.exitCode).not.toBe(0);
    await nothingIsLeft(it);
    expect(isClean(it)).toBe(true);
  });
});
