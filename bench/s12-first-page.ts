import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runPostgres } from '../test/support/run-postgres.ts';
import { median, type SpeedPromise } from './support/promise.ts';

const start = fileURLToPath(new URL('../scripts/start.mjs', import.meta.url));
const rounds = 3;

/** S12: from `npm start` (after install) on an empty data directory to the first page of entries. */
export const firstPage: SpeedPromise = {
  id: 'S12',
  title: 'npm start to the first page with data',
  cost: '100 MB of disk, 20 seconds',
  async measure({ say }) {
    const seconds: number[] = [];
    const database: number[] = [];
    for (let round = 0; round < rounds; round++) {
      database.push(await databaseAlone());
      seconds.push(await firstPageAfter());
      say(`round ${round + 1}: ${seconds.at(-1)?.toFixed(2)} s`);
    }
    const value = median(seconds);
    return {
      value,
      unit: 's',
      reference: median(database),
      ratio: value / median(database),
      goal: '<= 5 s',
      holds: value <= 5,
      notes: [
        'each round creates a data directory and the database; the reference is initdb and the start of PostgreSQL only',
      ],
    };
  },
};

async function databaseAlone(): Promise<number> {
  const began = performance.now();
  const cluster = await runPostgres();
  const seconds = (performance.now() - began) / 1000;
  await cluster.close();
  return seconds;
}

async function firstPageAfter(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'bitacora-bench-'));
  chmodSync(directory, 0o755);
  const began = performance.now();
  const child = spawn('node', [start, '--demo'], {
    env: { ...process.env, BITACORA_DATA_DIR: directory, BITACORA_PORT: '0', BITACORA_LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let printed = '';
    const link = await new Promise<string>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`npm start ended with ${code}`)));
      child.stdout.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        const address = /invented activity: (http:\S+)/.exec(printed)?.[1];
        if (address) resolve(address);
      });
    });
    const [page = '', key = ''] = link.split('#key=');
    const answer = await fetch(new URL('/v1/events?limit=50', page), {
      headers: { authorization: `Bearer ${key}` },
    });
    const body = (await answer.json()) as { entries: unknown[] };
    if (body.entries.length === 0) throw new Error('the first page is empty');
    return (performance.now() - began) / 1000;
  } finally {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
    rmSync(directory, { recursive: true, force: true });
  }
}
