import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createAudit } from '@bitacora/sdk';
import { afterAll, expect, test } from 'vitest';
import { accept, startScriptedServer, type SentEvent } from '../support/scripted-server.ts';
import { startHost } from '../support/start-host.ts';
import { patienceMs } from '../support/wait-until.ts';

const all = process.env['BITACORA_FAULTS'] === 'full';
const directory = mkdtempSync(join(tmpdir(), 'bitacora-outage-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const growthMaxBytes = 64 * 1_048_576;

/** The numbers of the events in order of arrival, each once. */
function createArrivals(): {
  take(events: readonly SentEvent[]): void;
  numbers: number[];
  disordered: () => number;
} {
  const seen = new Set<string>();
  const numbers: number[] = [];
  return {
    numbers,
    take(events) {
      for (const { id, attributes } of events) {
        if (seen.has(id)) continue;
        seen.add(id);
        numbers.push(attributes?.n ?? 0);
      }
    },
    disordered: () => numbers.filter((n, i) => n <= (numbers[i - 1] ?? 0)).length,
  };
}

test('F21 events spooled while the server was away arrive in order, and the memory of the host stays small', async () => {
  const events = all ? 1_000_000 : 30_000;
  const spool = { directory: join(directory, 'long'), bytesMax: 2e9 };
  const arrivals = createArrivals();
  const usual = await usualMemory(events);
  let isUp = false;
  const server = await startScriptedServer((response, batch) => {
    if (!isUp) return response.writeHead(503).end();
    arrivals.take(batch);
    return accept(response, batch);
  });
  const audit = {
    url: server.url,
    key: 'k',
    mode: 'durable',
    spool,
    retryWaitMinMs: 200,
    retryWaitMaxMs: 201,
  } as const;
  const host = startHost({
    audit,
    run: 'long',
    events,
    burst: 500,
    restMs: 1,
    padding: 200,
    end: 'wait',
    healthEveryMs: 100,
  });
  await host.captured;
  await expect.poll(() => host.health()?.spooled, { timeout: 600_000 }).toBe(events);
  isUp = true;
  await expect.poll(() => host.health()?.delivered, { timeout: 600_000 }).toBe(events);
  console.log(
    `outage: ${events} events spooled and delivered, memory of the host at most ${(host.rssMax() / 1_048_576).toFixed(0)} MB, ${(usual / 1_048_576).toFixed(0)} MB without the outage`,
  );
  expect(arrivals.numbers).toHaveLength(events);
  expect(arrivals.disordered()).toBe(0);
  expect(host.rssMax() - usual).toBeLessThan(growthMaxBytes);
  host.child.kill('SIGKILL');
  await host.ended;
  server.close();
});

/** The memory of the same host while the server answers. */
async function usualMemory(events: number): Promise<number> {
  const server = await startScriptedServer();
  const audit = {
    url: server.url,
    key: 'k',
    mode: 'durable',
    spool: { directory: join(directory, 'usual') },
  } as const;
  const more = { events, burst: 500, restMs: 1, padding: 200, end: 'close', healthEveryMs: 50 } as const;
  const host = startHost({ audit, run: 'usual', ...more });
  expect(await host.ended).toBe(0);
  server.close();
  return host.rssMax();
}

test('SDK-21 eight processes and a thread share one directory, and the living ones send what the dead ones left', async () => {
  const spool = { directory: join(directory, 'shared') };
  const arrivals = new Map<string, number>();
  let isUp = false;
  const server = await startScriptedServer((response, batch) => {
    if (!isUp) return response.writeHead(503).end();
    for (const { id } of batch) arrivals.set(id, (arrivals.get(id) ?? 0) + 1);
    return accept(response, batch);
  });
  const audit = {
    url: server.url,
    key: 'k',
    mode: 'durable',
    spool,
    retryWaitMinMs: 50,
    retryWaitMaxMs: 51,
  } as const;
  const each = 200;
  const processes = 8;
  const hosts = [...Array(processes).keys()].map((n) =>
    startHost({ audit, run: `process ${n}`, events: each, end: 'wait', healthEveryMs: 50 }),
  );
  const thread = new Worker(new URL('../support/sdk-host.ts', import.meta.url), {
    argv: [
      JSON.stringify({ audit, run: 'thread', quiet: true, events: each, end: 'close', closeTimeoutMs: 100 }),
    ],
    execArgv: ['--conditions=bitacora:source'],
  });
  const threadEnded = new Promise((resolve) => thread.once('exit', resolve));
  for (const host of hosts) await expect.poll(() => host.done.length).toBe(each);
  await threadEnded;
  expect(readdirSync(spool.directory).length).toBeGreaterThanOrEqual(processes);
  for (const host of hosts.slice(0, 4)) {
    host.child.kill('SIGKILL');
    await host.ended;
  }
  isUp = true;
  const heir = createAudit({ ...audit, name: 'heir' });
  await expect.poll(() => arrivals.size).toBe(each * (processes + 1));
  expect([...arrivals.values()].every((times) => times === 1)).toBe(true);
  expect(heir.health()).toMatchObject({ recovered: { rejected: 0 } });
  await heir.close();
  for (const host of hosts.slice(4)) {
    host.child.kill('SIGKILL');
    await host.ended;
  }
  server.close();
});

test('SDK-20 a process that is frozen and resumed, as on serverless platforms, delivers when it is flushed', async () => {
  const arrivals = createArrivals();
  const server = await startScriptedServer((response, batch) => {
    arrivals.take(batch);
    return accept(response, batch);
  });
  const audit = { url: server.url, key: 'k', batchAfterMs: 60_000 };
  const host = startHost({ audit, run: 'frozen', events: 500, burst: 10, restMs: 1, end: 'close' });
  await host.started;
  for (let pause = 0; pause < 3; pause++) {
    host.child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 200));
    host.child.kill('SIGCONT');
  }
  expect(await host.ended).toBe(0);
  expect(host.closed()).toMatchObject({ delivered: 500, pending: 0 });
  expect(arrivals.disordered()).toBe(0);
  server.close();
});

test('SDK-19 without a spool an uncaught exception waits for the delivery, and then ends the process as usual', async () => {
  const server = await startScriptedServer();
  const audit = { url: server.url, key: 'k', closeOnExit: patienceMs, batchAfterMs: 600_000 };
  const second = { ...audit, name: 'second' };
  const host = startHost({ audit, second, run: 'fault', events: 20, end: 'throw' });
  expect(await host.ended).toBe(1);
  expect(host.errorText()).toContain('the host has a fault');
  expect(server.batches.flat()).toHaveLength(21);
  server.close();
});

test('SDK-19 a host that handles the signal itself ends its work first, and what it captures until then is delivered', async () => {
  const server = await startScriptedServer();
  const audit = { url: server.url, key: 'k', closeOnExit: patienceMs, batchAfterMs: 600_000 };
  const host = startHost({ audit, run: 'drain', events: 5, end: 'drain' });
  await host.captured;
  host.child.kill('SIGTERM');
  expect(await host.ended).toBe(0);
  expect(server.batches.flat()).toHaveLength(6);
  server.close();
});

test('SDK-19 an open audit does not keep a process alive, not even while a server does not answer', async () => {
  const server = await startScriptedServer(() => undefined);
  const host = startHost({
    audit: { url: server.url, key: 'k', batchAfterMs: 1, requestTimeoutMs: 300_000 },
    run: 'idle',
    events: 20,
    restMs: 50,
    end: 'idle',
  });
  expect(await host.ended).toBe(0);
  // If the host had waited for the end of its request, the last error would be that of the request.
  expect(host.health()?.lastError).toBeUndefined();
  expect(host.health()).toMatchObject({ submitted: 20, pending: 20 });
  expect(server.batches.length).toBe(1);
  server.close();
});
