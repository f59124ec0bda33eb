import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestServer } from './test-server.ts';
import { patienceMs, waitUntil } from './wait-until.ts';

export interface Load {
  /** Path of the file of sent and acknowledged events, one JSON object in each line. */
  log: string;
  /** Stops sending new events, and resolves when all sent events were acknowledged. @throws Error when that takes too long */
  finish(): Promise<void>;
  /** Ends the process and removes its file. */
  dispose(): void;
}

const program = fileURLToPath(new URL('load-process.ts', import.meta.url));
const finishWithinMs = 5 * patienceMs;

/** Starts a process that sends events to a server, in batches and one by one, and retries until they are acknowledged. */
export function startLoad(
  server: Pick<TestServer, 'url' | 'key'>,
  options: { eventsPerSecond: number; /** Characters added to each event. */ padding?: number },
): Load {
  const folder = mkdtempSync(join(tmpdir(), 'bitacora-load-'));
  const log = join(folder, 'load.ndjson');
  const { eventsPerSecond, padding = 0 } = options;
  const given = { url: server.url, key: server.key, log, eventsPerSecond, padding };
  const child = spawn(process.execPath, [program, JSON.stringify(given)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exited = once(child, 'exit');
  return {
    log,
    async finish() {
      // Before the process handles the signal, SIGTERM would end it at once.
      await waitUntil('the load', () => Promise.resolve(existsSync(log) && statSync(log).size > 0));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), finishWithinMs);
      const [code] = await exited;
      clearTimeout(timer);
      if (code !== 0)
        throw new Error(`the load did not end well (${String(code)}): not everything was acknowledged`);
    },
    dispose() {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
