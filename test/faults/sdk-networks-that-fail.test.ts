import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createAudit, type Audit, type SdkError } from '@bitacora/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultProxy, type Fault } from '../support/fault-proxy.ts';
import { makeAuthority } from '../support/make-certificate.ts';
import { accept, startScriptedServer } from '../support/scripted-server.ts';
import { faultsOf, storedEvents } from '../support/stored-events.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const all = process.env['BITACORA_FAULTS'] === 'full';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.dispose());

function captureMany(audit: Audit, run: string, numbers: { from: number; count: number }): void {
  const { from, count } = numbers;
  for (let n = from; n < from + count; n++)
    void audit.capture({
      action: 'a.b',
      actor: { id: 'ana' },
      description: 'x'.repeat(200),
      attributes: { run, n },
    });
}

test('F22 connections that are cut at any place lose nothing and store nothing twice', async () => {
  const cuts = all ? 2_000 : 24;
  const perCut = 20;
  const proxy = await startFaultProxy({ port: Number(new URL(server.url).port) });
  const { key } = server;
  const limits = { batchAfterMs: 1, retryWaitMinMs: 5, retryWaitMaxMs: 10, gzipAboveBytes: 1e9 };
  const audit = createAudit({
    url: `http://127.0.0.1:${proxy.port}`,
    key,
    name: 'cut',
    requestTimeoutMs: 1_000,
    ...limits,
  });
  // Headers have about 300 bytes, the body of a batch about 8,000 and the answer about 3,000.
  const kinds: (() => Fault)[] = [
    () => ({ cutUpAfterBytes: randomInt(1, 40) }),
    () => ({ cutUpAfterBytes: randomInt(40, 400) }),
    () => ({ cutUpAfterBytes: randomInt(400, 8_000) }),
    () => ({ cutDownAfterBytes: randomInt(0, 20) }),
    () => ({ cutDownAfterBytes: randomInt(20, 3_000) }),
    () => ({ halfCloseAfterBytes: randomInt(100, 8_000) }),
  ];
  for (let cut = 0; cut < cuts; cut++) {
    proxy.set(kinds[cut % kinds.length]?.() ?? {}, { now: true });
    captureMany(audit, 'cut', { from: 1 + cut * perCut, count: perCut });
    await expect
      .poll(() => audit.health().lastError !== undefined || audit.health().pending === 0, {
        interval: 1,
      })
      .toBe(true);
    proxy.set({}, { now: true });
    await audit.flush(10_000);
  }
  expect(await audit.close(20_000)).toMatchObject({
    delivered: cuts * perCut,
    pending: 0,
    dropped: 0,
    rejected: 0,
  });
  await proxy.close();
  const stored = (await storedEvents(server, { sizeLeast: cuts * perCut })).filter(
    ({ run }) => run === 'cut',
  );
  expect(
    faultsOf(
      stored,
      [...Array(cuts * perCut).keys()].map((n) => n + 1),
    ),
  ).toEqual([]);
  console.log(`network cuts: ${cuts} cuts / ${stored.length} stored / 0 lost / 0 twice`);
});

test('F23 no request takes longer than its deadline, and an instance asks at most once a second', async () => {
  const requestTimeoutMs = 1_000;
  const silent = createTcpServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const refusing = await startScriptedServer((response) => response.writeHead(503).end());
  const places = {
    silent: `http://127.0.0.1:${port}`,
    'half TLS': `https://127.0.0.1:${port}`,
    'no such name': 'http://no-such-host.invalid',
    refusing: refusing.url,
    'nobody there': 'http://127.0.0.1:1',
  };
  const failures: Record<string, number[]> = {};
  const began = performance.now();
  const audits = Object.entries(places).map(([place, url]) => {
    const times: number[] = (failures[place] = []);
    const onError = ({ code }: SdkError): unknown =>
      code === 'unreachable' && times.push(performance.now() - began);
    const audit = createAudit({
      url,
      key: 'k',
      name: place,
      batchAfterMs: 1,
      requestTimeoutMs,
      retryWaitMaxMs: 1_001,
      onError,
    });
    captureMany(audit, place, { from: 1, count: 10 });
    return audit;
  });
  // Both requests have the same deadline in the same process, so other work of the machine delays both.
  const reference = deadlineOf(places.silent, requestTimeoutMs).then(() => performance.now() - began);
  await new Promise((resolve) => setTimeout(resolve, all ? 60_000 : 4_000));
  await expect.poll(() => Object.values(failures).every(({ length }) => length > 0)).toBe(true);
  await Promise.all(audits.map((audit) => audit.close(0)));
  const seconds = (performance.now() - began) / 1_000;
  for (const [place, times] of Object.entries(failures)) {
    // One request at the start, and then at most one each second.
    expect(times.length, place).toBeLessThanOrEqual(seconds + 2);
  }
  const [first = Infinity] = failures['silent'] ?? [];
  console.log(
    `deadline ${requestTimeoutMs} ms: the first request to a silent server ended after ${first.toFixed(0)} ms`,
  );
  expect(first).toBeGreaterThan(requestTimeoutMs - 50);
  // A second wait would end after this.
  expect(first - (await reference)).toBeLessThan(requestTimeoutMs);
  // Each request may be late, but none may come before its second begins.
  expect(refusing.times.filter((at, i) => at - began < i * 1_000 - 50)).toEqual([]);
  silent.close();
  refusing.close();
});

/** Sends one request with a deadline, without the SDK; resolves when the deadline has ended it. */
async function deadlineOf(url: string, timeoutMs: number): Promise<void> {
  const answered = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).then(
    () => true,
    () => false,
  );
  expect(answered).toBe(false);
}

test('F23 SDK-13 while the server’s certificate is expired all events are kept and the error is reported; they are delivered after its renewal', async () => {
  const authority = makeAuthority();
  const day = 86_400_000;
  const around = (from: number, to: number): ReturnType<typeof authority.issue> =>
    authority.issue({ from: new Date(Date.now() + from * day), to: new Date(Date.now() + to * day) });
  const secured = createTlsServer(around(-30, -1), (socket) => {
    const inner = connectTcp(Number(new URL(server.url).port), '127.0.0.1');
    for (const [from, to] of [
      [socket, inner],
      [inner, socket],
    ] as const)
      from.on('error', () => to.destroy()).pipe(to);
  });
  await once(secured.listen(0, 'localhost'), 'listening');
  const address = secured.address();
  const directory = mkdtempSync(join(tmpdir(), 'bitacora-tls-'));
  const trusted = getCACertificates('default');
  setDefaultCACertificates([...trusted, authority.cert]);
  const errors: SdkError[] = [];
  const audit = createAudit({
    url: `https://localhost:${typeof address === 'object' && address ? address.port : 0}`,
    key: server.key,
    name: 'tls',
    batchAfterMs: 1,
    strictTimeoutMs: 200,
    retryWaitMinMs: 20,
    retryWaitMaxMs: 50,
    spool: { directory },
    onError: (error) => errors.push(error),
  });
  try {
    captureMany(audit, 'tls', { from: 1, count: 40 });
    const durable = { action: 'a.b', actor: { id: 'ana' }, attributes: { run: 'tls durable', n: 1 } };
    await expect(audit.capture(durable, { mode: 'durable' })).resolves.toMatchObject({ state: 'spooled' });
    await expect(audit.capture(durable, { mode: 'strict' })).rejects.toMatchObject({ code: 'unreachable' });
    await expect.poll(() => errors.length).toBeGreaterThanOrEqual(4);
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['unreachable']));
    expect(errors[0]?.message).toContain('certificate has expired');
    // The strict event is dropped when the request that carried it has ended, which may be after its caller was answered.
    await expect
      .poll(() => audit.health())
      .toMatchObject({
        pending: 41,
        delivered: 0,
        dropped: 1,
        droppedBy: { unreachable: 1 },
        lastError: expect.stringContaining('certificate has expired'),
      });
    // A certificate that becomes valid tomorrow is refused as well.
    secured.setSecureContext(around(1, 30));
    await expect.poll(() => audit.health().lastError).toContain('not yet valid');
    secured.setSecureContext(around(-1, 30));
    expect(await audit.flush(30_000)).toMatchObject({ delivered: 41, pending: 0, dropped: 1, rejected: 0 });
  } finally {
    setDefaultCACertificates(trusted);
    await audit.close(0);
    secured.close();
    rmSync(directory, { recursive: true });
  }
  const { body } = await server.json('/v1/events?count=true&limit=1');
  const stored = await storedEvents(server, { sizeLeast: body.count });
  const ofRun = (run: string): typeof stored => stored.filter((event) => event.run === run);
  expect(
    faultsOf(
      ofRun('tls'),
      [...Array(40).keys()].map((n) => n + 1),
    ),
  ).toEqual([]);
  expect(faultsOf(ofRun('tls durable'), [1])).toEqual([]);
});

test('F24 two hundred hosts that reconnect after an outage spread their requests, and all are served', async () => {
  const clients = 200;
  const each = all ? 200 : 40;
  const outageMs = 3_000;
  let isUp = false;
  let peak = 0;
  let underWay = 0;
  const doors = await startScriptedServer((response, events) => {
    peak = Math.max(peak, ++underWay);
    // A server that answers a batch after some milliseconds.
    setTimeout(() => {
      underWay -= 1;
      if (isUp) accept(response, events);
      else response.writeHead(503).end();
    }, 5);
  });
  const audits = [...Array(clients).keys()].map((n) =>
    createAudit({
      url: doors.url,
      key: `k${n}`,
      name: `client ${n}`,
      batchAfterMs: 10,
      retryWaitMaxMs: 4_000,
    }),
  );
  const began = performance.now();
  for (const audit of audits) captureMany(audit, 'herd', { from: 1, count: each });
  await new Promise((resolve) => setTimeout(resolve, outageMs));
  // Waits until each host has noticed the outage, which may take long for two hundred hosts.
  await expect.poll(() => doors.batches.length).toBeGreaterThanOrEqual(clients);
  const duringOutage = doors.batches.length;
  const outageSeconds = (performance.now() - began) / 1_000;
  isUp = true;
  peak = 0;
  for (const audit of audits) await expect.poll(() => audit.health().pending, { interval: 50 }).toBe(0);
  const afterwards = doors.batches.length - duringOutage;
  console.log(
    `herd of ${clients}: ${duringOutage} requests in ${outageSeconds.toFixed(1)} s of outage, ${afterwards} after it, ${peak} of them at once`,
  );
  expect(duringOutage).toBeLessThanOrEqual(clients * (outageSeconds + 1));
  expect(peak).toBeLessThan(clients / 2);
  expect(afterwards).toBeLessThan(clients * 3);
  for (const audit of audits)
    expect(audit.health()).toMatchObject({ delivered: each, dropped: 0, rejected: 0 });
  await Promise.all(audits.map((audit) => audit.close(1_000)));
  doors.close();
});
