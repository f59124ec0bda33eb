import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { randomBytes, randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostPlan } from '../support/sdk-host.ts';
import { startHost } from '../support/start-host.ts';
import { faultsOf, storedEvents } from '../support/stored-events.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const all = process.env['BITACORA_FAULTS'] === 'full';
const reportEveryMs = 200;

let server: TestServer;
const directory = mkdtempSync(join(tmpdir(), 'bitacora-spool-'));
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server.dispose();
  rmSync(directory, { recursive: true, force: true });
});

function plan(run: string, more: Partial<HostPlan> & { audit?: HostPlan['audit'] }): HostPlan {
  const { url, key } = server;
  return {
    run,
    events: 100_000,
    end: 'wait',
    ...more,
    audit: { url, key, name: run, batchAfterMs: 20, reportEveryMs, ...more.audit },
  };
}

test('F3 SDK-16 SDK-17 in durable no resolved event is lost or stored twice, and the order is kept, however often the host is killed', async () => {
  const kills = all ? 500 : 20;
  const spool = { directory, segmentBytesMax: 20_000 };
  const encrypted = { ...spool, key: randomBytes(32).toString('hex') };
  const runs: { run: string; done: number[] }[] = [];
  for (let kill = 0; kill < kills; kill++) {
    // Every second host has no key, so it leaves the encrypted spools of the others as they are.
    const audit = { mode: 'durable', spool: kill % 2 === 0 ? encrypted : spool } as const;
    const host = startHost(plan(`durable ${kill}`, { audit }));
    // The host is killed after a random number of events, so it does not matter how fast the machine is.
    const doneLeast = randomInt(11, 300);
    await expect.poll(() => host.done.length, { interval: 1 }).toBeGreaterThanOrEqual(doneLeast);
    host.child.kill('SIGKILL');
    await host.ended;
    runs.push({ run: `durable ${kill}`, done: host.done });
  }
  const audit = { mode: 'durable', spool: encrypted } as const;
  const last = startHost(plan('last', { audit, events: 0, end: 'wait', healthEveryMs: 50 }));
  // A directory that a killed host had not finished is removed a minute later.
  const spools = (): string[] => readdirSync(directory).filter((name) => !name.startsWith('.'));
  await expect.poll(spools).toEqual([]);
  last.child.kill('SIGKILL');
  const resolved = runs.reduce((sum, { done }) => sum + done.length, 0);
  // More events may be stored than resolved, so the tree is read only when it has all of them.
  const { body } = await server.json('/v1/events?count=true&limit=1');
  const stored = await storedEvents(server, { sizeLeast: body.count });
  console.log(`kill -9 of the host: ${kills} kills / ${resolved} resolved / ${stored.length} stored`);
  for (const { run, done } of runs)
    expect(
      faultsOf(
        stored.filter((event) => event.run === run),
        done,
      ),
      run,
    ).toEqual([]);
  expect(new Set(stored.map(({ id }) => id)).size).toBe(stored.length);
  expect(resolved).toBeGreaterThan(kills * 10);
});

test('F4 SDK-25 a host killed in best_effort loses only events it had not sent yet, and the server reports them as missing', async () => {
  const kills = all ? 100 : 4;
  const lost: { lost: number; unsent: number }[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const run = `best effort ${kill}`;
    const host = startHost(plan(run, { healthEveryMs: 10 }));
    await expect.poll(() => host.health()?.delivered).toBeGreaterThan(0);
    await sleep(randomInt(10, 300));
    host.child.kill('SIGKILL');
    await host.ended;
    const source = await silentSource(run);
    expect(source.missing.at(-1)).toEqual({ from: expect.any(Number), to: null });
    const { submitted = 0, pending = 0 } = host.health() ?? {};
    lost.push({ lost: submitted - source.received, unsent: pending });
  }
  console.log(`kill -9 of the host in best_effort: ${kills} kills / lost ${JSON.stringify(lost)}`);
  expect(lost.filter((kill) => kill.lost > kill.unsent)).toEqual([]);
});

async function silentSource(
  name: string,
): Promise<{ received: number; missing: { from: number; to: number | null }[] }> {
  let found: any;
  await expect
    .poll(
      async () => {
        const { body } = await server.json('/v1/sources?limit=1000');
        found = body.sources.find((source: { name: string }) => source.name === name);
        return found?.state;
      },
      { interval: 100 },
    )
    .toBe('silent');
  return found;
}
