import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { killPostgres } from '../support/kill-postgres.ts';
import { checkLedger, type Scoreboard } from '../support/ledger-checker.ts';
import { startLoad, type Load } from '../support/load.ts';
import { readPublishedLedger, type PublishedLedger } from '../support/read-published-ledger.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { waitUntil } from '../support/wait-until.ts';

const all = process.env['BITACORA_FAULTS'] === 'full';
const eventsPerSecond = 300;

let server: TestServer | undefined;
let load: Load | undefined;
afterEach(async () => {
  load?.dispose();
  await server?.dispose();
});

/** A server that restarts at the same address, and the load on it. */
async function underLoad(): Promise<{ server: TestServer; load: Load }> {
  server = await startTestServer({ BITACORA_PORT: String(await freePort()) });
  load = startLoad(server, { eventsPerSecond });
  return { server, load };
}

function print(what: string, cycles: number, score: Scoreboard): void {
  const { acked, lost, duplicated, violations, refused } = score;
  console.log(
    `${what}: ${cycles} cycles / ${acked} acked / ${lost} lost / ${duplicated} duplicated / ${violations.length} unexplained (refused meanwhile: ${JSON.stringify(refused)})`,
  );
}

function expectNothingLost(score: Scoreboard): void {
  expect(score.violations).toEqual([]);
  expect(score).toMatchObject({ lost: 0, duplicated: 0, acked: score.sent, stored: score.sent });
}

test('F1 no acknowledged event is lost or stored twice when the server is killed at random moments', async () => {
  const cycles = all ? 200 : 20;
  const { server, load } = await underLoad();
  let postgres = server.postgresPid();
  const before: PublishedLedger[] = [];
  const startsMs: number[] = [];
  for (let cycle = 0; cycle < cycles; cycle++) {
    await sleep(50 + randomInt(all ? 1_450 : 750));
    if (cycle % 10 === 9) before.push(await readPublishedLedger(server));
    await server.kill();
    // A killed server leaves a lock file without a process; its database ends after it.
    expect(existsSync(join(server.dataDirectory, 'server.lock'))).toBe(true);
    const began = Date.now();
    await server.restart();
    startsMs.push(Date.now() - began);
    expect((await server.fetch('/readyz')).status).toBe(200);
    expect(server.postgresPid()).not.toBe(postgres);
    postgres = server.postgresPid();
    expect(readFileSync(join(server.dataDirectory, 'server.lock'), 'utf8')).toContain(`"pid":${server.pid}`);
  }
  await load.finish();
  const score = await checkLedger(server, { logs: [load.log], before });
  print('kill -9 of the server', cycles, score);
  console.log(`ready after ${Math.min(...startsMs)}–${Math.max(...startsMs)} ms`);
  expectNothingLost(score);
});

test('F6 no acknowledged event is lost or stored twice when PostgreSQL is killed, and the server heals without a restart', async () => {
  const cycles = all ? 50 : 20;
  const { server, load } = await underLoad();
  const pid = server.pid;
  const before: PublishedLedger[] = [];
  const healedAfterMs: number[] = [];
  for (let cycle = 0; cycle < cycles; cycle++) {
    await sleep(50 + randomInt(all ? 1_450 : 750));
    if (cycle % 10 === 9) before.push(await readPublishedLedger(server));
    const killed = server.postgresPid();
    killPostgres(killed);
    const began = Date.now();
    await healed(server, load, killed);
    healedAfterMs.push(Date.now() - began);
  }
  await load.finish();
  expect(server.pid).toBe(pid);
  // The server measures its readiness by a write every two seconds.
  await expect.poll(async () => (await server.fetch('/readyz')).status).toBe(200);
  const score = await checkLedger(server, { logs: [load.log], before });
  print('kill -9 of PostgreSQL', cycles, score);
  console.log(`first 201 after ${Math.min(...healedAfterMs)}–${Math.max(...healedAfterMs)} ms`);
  expectNothingLost(score);
  expect(score.refused['503'] ?? 0).toBeGreaterThan(0);
  expect(Object.keys(score.refused)).toEqual(['503']);
});

/** Resolves when another database acknowledges events again. Until then each answer must be a refusal with a time to wait. */
async function healed(server: TestServer, load: Load, killed: number): Promise<void> {
  await waitUntil('an answer by another database', async () => {
    const response = await server.fetch('/v1/keys');
    await response.arrayBuffer();
    // Backends of the killed database may answer for a moment. On a slow machine the new database may run before any refusal.
    if (response.ok) return server.postgresPid() !== killed;
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).not.toBeNull();
    return false;
  });
  const { size } = statSync(load.log);
  await waitUntil('an acknowledged event', () =>
    Promise.resolve(readFileSync(load.log).subarray(size).includes('"acked"')),
  );
}
