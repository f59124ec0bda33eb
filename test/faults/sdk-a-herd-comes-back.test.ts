import { setTimeout as sleep } from 'node:timers/promises';
import { createAudit, type Audit } from '@bitacora/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { makeKey } from '../support/tenant-with-events.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const all = process.env['BITACORA_FAULTS'] === 'full';
// With the time to stop and start, the server is away for at least three seconds.
const clients = 200;
const tickMs = 100;
const stoppedMs = 1_000;
const [usualMs, recoveryMs] = all ? [20_000, 20_000] : [3_000, 5_000];
const starvedAfterMs = 30_000;

interface Client {
  tenant: string;
  key: string;
  audit: Audit;
  /** The times of failed requests, by `performance.now()`. */
  failures: number[];
}

let server: TestServer;
let herd: Client[] = [];
beforeAll(async () => {
  // The server restarts at the address that the hosts use.
  server = await startTestServer({ BITACORA_PORT: String(await freePort()) });
});
afterAll(async () => {
  await Promise.all(herd.map(({ audit }) => audit.close(0)));
  await server.dispose();
});

async function connect(tenants: readonly string[]): Promise<Client[]> {
  const keys = new Map<string, string>();
  for (const tenant of tenants) {
    await server.json('/v1/tenants', { method: 'POST', body: JSON.stringify({ name: tenant }) });
    const { secret } = await makeKey(server, { tenant, scopes: ['ingest', 'read'], name: tenant });
    keys.set(tenant, secret);
  }
  return Array.from({ length: clients }, (_, n) => {
    const tenant = tenants[n % tenants.length] ?? '';
    const key = keys.get(tenant) ?? '';
    const failures: number[] = [];
    const audit = createAudit({
      url: server.url,
      key,
      name: `client ${n}`,
      onError: ({ code }) => void (code === 'unreachable' && failures.push(performance.now())),
    });
    return { tenant, key, audit, failures };
  });
}

/** A constant load of 2,000 events/s together, which two cores can serve beside the hosts. */
function load(): () => void {
  let tick = 0;
  const timer = setInterval(() => {
    tick += 1;
    for (const { audit } of herd)
      void audit.capture({ action: 'herd.count', actor: { id: 'host' }, attributes: { tick } });
  }, tickMs);
  return () => clearInterval(timer);
}

const delivered = (tenant?: string): number =>
  herd
    .filter((arrival) => tenant === undefined || arrival.tenant === tenant)
    .reduce((sum, { audit }) => sum + audit.health().delivered, 0);

async function deliveredPerSecond(duringMs: number): Promise<number> {
  const before = delivered();
  const began = performance.now();
  await sleep(duringMs);
  return (delivered() - before) / ((performance.now() - began) / 1_000);
}

/** The longest time in which nothing of a tenant arrived. */
function watchStarvation(tenants: readonly string[]): () => number {
  const progress = new Map(
    tenants.map((tenant) => [tenant, { count: delivered(tenant), at: performance.now() }]),
  );
  let longestMs = 0;
  const look = (): void => {
    for (const [tenant, last] of progress) {
      const count = delivered(tenant);
      longestMs = Math.max(longestMs, performance.now() - last.at);
      if (count > last.count) progress.set(tenant, { count, at: performance.now() });
    }
  };
  const timer = setInterval(look, 50);
  return () => {
    clearInterval(timer);
    look();
    return longestMs;
  };
}

// Every run has the same test with a scripted server. This one takes a quarter of a minute of both cores.
test.runIf(all)(
  'F24 two hundred hosts of two tenants reconnect to a restarted server: both tenants reach their throughput again, and nothing is lost',
  async () => {
    const tenants = ['acme', 'globex'];
    herd = await connect(tenants);
    const stopLoad = load();
    // The first second is left out, because all hosts send their first batch then.
    await sleep(1_500);
    const usual = await deliveredPerSecond(usualMs);

    const cutAt = performance.now();
    await server.stop();
    await sleep(stoppedMs);
    await server.restart();
    const backAt = performance.now();
    const starvation = watchStarvation(tenants);
    const recovery = await deliveredPerSecond(recoveryMs);
    stopLoad();
    await expect
      .poll(() => herd.reduce((sum, { audit }) => sum + audit.health().pending, 0), {
        timeout: starvedAfterMs,
      })
      .toBe(0);
    const drainedMs = performance.now() - backAt;
    const starvedMs = starvation();

    const outageS = (backAt - cutAt) / 1_000;
    const attempts = herd.map(
      ({ failures }) => failures.filter((at) => at >= cutAt && at <= backAt).length / outageS,
    );
    console.log(
      `herd of ${clients} hosts of ${tenants.length} tenants, away for ${outageS.toFixed(1)} s: ${usual.toFixed(0)} events/s before, ${recovery.toFixed(0)} after (${((100 * recovery) / usual).toFixed(0)} %), all there after ${drainedMs.toFixed(0)} ms, no tenant without for longer than ${starvedMs.toFixed(0)} ms; at most ${Math.max(...attempts).toFixed(2)} requests/s by a host while it was away`,
    );
    for (const { audit } of herd) {
      const { submitted, delivered: arrived, dropped, rejected } = audit.health();
      expect({ arrived, dropped, rejected }).toEqual({ arrived: submitted, dropped: 0, rejected: 0 });
    }
    // One request may have been under way when the server stopped.
    expect(Math.max(...attempts)).toBeLessThanOrEqual(1 + 1 / outageS);
    expect(starvedMs).toBeLessThan(starvedAfterMs);
    expect(drainedMs).toBeLessThan(starvedAfterMs);
    if (all) expect(recovery / usual).toBeGreaterThanOrEqual(0.7);

    const closed = await Promise.all(herd.map(({ audit }) => audit.close(10_000)));
    const total = closed.reduce((sum, report) => sum + report.delivered, 0);
    let received = 0;
    for (const as of new Set(herd.map(({ key }) => key))) {
      const { body } = await server.json('/v1/events?count=true&limit=1', { as });
      received += body.count;
    }
    expect(received).toBe(total);
  },
);
