import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { checkLedger } from '../support/ledger-checker.ts';
import { startLoad, type Load } from '../support/load.ts';
import { makeEvents } from '../support/make-events.ts';
import { startSpareDatabase, type SpareDatabase } from '../support/spare-database.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { waitUntil } from '../support/wait-until.ts';

const all = process.env['BITACORA_FAULTS'] === 'full';
/** The memory of a server under the load of F20 after two minutes. */
const usualBytes = 1_072 * 2 ** 20;

let spare: SpareDatabase;
let proxy: FaultProxy | undefined;
let server: TestServer | undefined;
let load: Load | undefined;
beforeAll(async () => {
  spare = await startSpareDatabase();
});
afterEach(async () => {
  load?.dispose();
  proxy?.open();
  await server?.dispose();
  await proxy?.close();
});
afterAll(() => spare?.close());

/** The server with the address of a proxy in front of it. */
function through(target: TestServer, by: FaultProxy): Pick<TestServer, 'url' | 'key'> {
  return { url: `http://127.0.0.1:${by.port}`, key: target.key };
}

function post(target: TestServer, events: readonly unknown[]): Promise<Response> {
  return target.fetch('/v1/events', {
    method: 'POST',
    body: JSON.stringify(events),
    headers: { 'content-type': 'application/json' },
  });
}

function rssOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

test('F22 a connection that is cut at any byte loses no event and stores none twice', async () => {
  server = await startTestServer();
  proxy = await startFaultProxy({ port: Number(new URL(server.url).port) });
  load = startLoad(through(server, proxy), { eventsPerSecond: 400 });
  const kinds = [
    (bytes: number) => ({ cutUpAfterBytes: bytes }),
    (bytes: number) => ({ cutDownAfterBytes: bytes % 400 }),
    (bytes: number) => ({ halfCloseAfterBytes: bytes }),
    () => ({ cutDownAfterBytes: 0 }),
    () => ({ delayMs: 20 }),
    () => ({ drop: true }),
  ];
  const cuts = all ? 2_000 : 60;
  const { log } = load;
  await waitUntil('the load', () =>
    Promise.resolve(existsSync(log) && readFileSync(log, 'utf8').includes('acked')),
  );
  for (let cut = 0; cut < cuts; cut++) {
    const kind = kinds[cut % kinds.length];
    // The head of a request has about 200 bytes. The cuts are before, in and after it, and at any place of the body.
    proxy.set(kind?.(Math.floor(Math.random() ** 3 * 20_000)) ?? {});
    await sleep(60);
    // A connection that was opened during the fault must not wait for its deadline.
    if (cut % 10 === 9) {
      proxy.cut();
      proxy.open();
      proxy.set({});
      await sleep(100);
    }
  }
  proxy.cut();
  proxy.open();
  proxy.set({});
  await load.finish();
  const score = await checkLedger(server, { logs: [load.log] });
  // A request whose connection the client ended half-way may be sent again.
  const malformed = /^unexpected answer: .*"status":408/;
  expect(score.violations.filter((text) => !malformed.test(text))).toEqual([]);
  expect(score).toMatchObject({ lost: 0, duplicated: 0, acked: score.sent, stored: score.sent });
  process.stdout.write(
    `${cuts} cuts / ${score.acked} acked / ${score.lost} lost / ${score.duplicated} duplicated\n`,
  );
});

test('F20 a database ten times slower is answered with 429 or 503 and Retry-After; memory stays within 20 % of that under the same load before, nothing is lost', async () => {
  proxy = await startFaultProxy({ port: spare.port });
  server = await startTestServer({ BITACORA_DATABASE_URL: spare.url(proxy.port) });
  const usual = await floodFor(all ? 120_000 : 5_000, server);
  proxy.set({ delayMs: 10 }, { now: true });
  const slow = await floodFor(all ? 600_000 : 5_000, server, { untilRefused: true });
  proxy.set({}, { now: true });
  const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
  process.stdout.write(
    `slow database: ${usual.acked} acked before, ${slow.acked} while it was slow, refused ${JSON.stringify([...slow.refused])}, RSS ${megabytes(usual.rssMax)} → ${megabytes(slow.rssMax)} MB\n`,
  );
  expect([...slow.refused.keys()].every((status) => [429, 503].includes(status))).toBe(true);
  expect(slow.refused.size).toBeGreaterThan(0);
  // Only a long load shows the usual memory. After a short load the bound is what a long load has shown.
  const usualMax = all ? usual.rssMax : Math.max(usual.rssMax, usualBytes);
  expect(slow.rssMax).toBeLessThan(usualMax * 1.2);
  const { body: found } = await server.json('/v1/events?count=true&limit=1');
  expect(found.count).toBe(usual.acked + slow.acked);
});

interface Flood {
  acked: number;
  /** The number of answers of each status. */
  refused: Map<number, number>;
  rssMax: number;
}

/** Sends far more than can be stored: 64 clients with batches of 1.5 MB, which send again at once after a refusal. */
async function floodFor(
  durationMs: number,
  target: TestServer,
  { untilRefused = false } = {},
): Promise<Flood> {
  const flood: Flood = { acked: 0, refused: new Map(), rssMax: 0 };
  const until = Date.now() + durationMs;
  const clients = Array.from({ length: 64 }, async () => {
    while (Date.now() < until || (untilRefused && flood.refused.size === 0)) {
      const events = makeEvents(100, { letters: 15_000 });
      const response = await post(target, events);
      await response.arrayBuffer();
      const { status } = response;
      if (status === 201) flood.acked += events.length;
      else {
        flood.refused.set(status, (flood.refused.get(status) ?? 0) + 1);
        expect(response.headers.get('retry-after')).not.toBeNull();
        await sleep(50);
      }
      flood.rssMax = Math.max(flood.rssMax, rssOf(target.pid));
    }
  });
  await Promise.all(clients);
  return flood;
}

test('the server is not ready while the database cannot be reached, and ready again afterwards', async () => {
  proxy = await startFaultProxy({ port: spare.port });
  server = await startTestServer({ BITACORA_DATABASE_URL: spare.url(proxy.port) });
  const target = server;
  const status = async (): Promise<number> => (await target.fetch('/readyz')).status;
  expect(await status()).toBe(200);
  proxy.cut();
  await expect.poll(status).toBe(503);
  const refused = await post(server, makeEvents(1));
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).not.toBeNull();
  expect((await server.fetch('/livez')).status).toBe(200);
  proxy.open();
  await expect.poll(status).toBe(200);
  expect((await server.send(makeEvents(5))).status).toBe(201);
  // The server also notices a connection that drops all bytes, as a firewall can do.
  proxy.set({ drop: true }, { now: true });
  await expect.poll(status).toBe(503);
  proxy.cut();
  proxy.set({});
  proxy.open();
  await expect.poll(status).toBe(200);
});

test('SIGTERM under load ends the server with code 0, and all acknowledged events are stored', async () => {
  const rounds = all ? 20 : 4;
  server = await startTestServer();
  const acked: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const target = server;
    let running = true;
    const clients = Array.from({ length: 20 }, async () => {
      while (running) {
        const events = makeEvents(50);
        const sent = await target.send(events).catch(() => undefined);
        if (sent?.status === 201) acked.push(...events.map(({ id }) => id));
        else if (sent) expect(sent.status).toBe(503);
        else await sleep(20);
      }
    });
    await sleep(300 + Math.random() * 700);
    expect(await server.stop()).toBe(0);
    running = false;
    await Promise.all(clients);
    await server.restart();
  }
  expect(acked.length).toBeGreaterThan(0);
  const missing = [];
  for (const id of acked.filter((_, position) => position % Math.ceil(acked.length / 500) === 0)) {
    if ((await server.fetch(`/v1/events/${id}`)).status !== 200) missing.push(id);
  }
  expect(missing).toEqual([]);
  const { body } = await server.json('/v1/events?count=true&limit=1');
  expect(body.count).toBeGreaterThanOrEqual(acked.length);
});
