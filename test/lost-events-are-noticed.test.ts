import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeEvents } from './support/make-events.ts';
import { startTestServer, type TestServer } from './support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.dispose());

const newInstance = (): string => randomBytes(16).toString('base64url');

async function send(instance: string, sequences: string, count: number): Promise<number> {
  const response = await server.fetch('/v1/events', {
    method: 'POST',
    body: JSON.stringify(makeEvents(count)),
    headers: { 'content-type': 'application/json', 'bitacora-sequences': `${instance} ${sequences}` },
  });
  await response.arrayBuffer();
  return response.status;
}

async function tell(instance: string, report: Record<string, unknown>): Promise<number> {
  const now = new Date().toISOString();
  const body = {
    name: 'shop',
    sdk: 'test 1',
    state: 'open',
    startedAt: now,
    sentAt: now,
    submitted: 0,
    ...report,
  };
  const { status } = await server.json(`/v1/sources/${instance}`, {
    method: 'PUT',
    body: JSON.stringify(body),
  });
  return status;
}

async function source(instance: string): Promise<Record<string, unknown>> {
  const { body } = await server.json('/v1/sources?limit=1000');
  return body.sources.find((source: { instance: string }) => source.instance === instance);
}

test('F-02 A24 I7 numbers that never arrive are reported as missing; those the host gave up are not', async () => {
  const instance = newInstance();
  expect(await send(instance, '1-10', 10)).toBe(201);
  expect(await source(instance)).toMatchObject({ state: 'open', received: 10, missingCount: 0, missing: [] });
  expect(await send(instance, '16-17,20', 3)).toBe(201);
  expect(await source(instance)).toMatchObject({
    missingCount: 7,
    missing: [
      { from: 11, to: 15 },
      { from: 18, to: 19 },
    ],
  });
  expect(await tell(instance, { submitted: 25, dropped: { memory_full: 2 }, unsent: '18-19' })).toBe(204);
  // Events that an open instance has not reported as sent may still arrive.
  expect(await source(instance)).toMatchObject({
    name: 'shop',
    submitted: 25,
    dropped: { memory_full: 2 },
    missing: [{ from: 11, to: 15 }],
  });
  expect(await tell(instance, { state: 'closed', submitted: 25 })).toBe(204);
  expect(await source(instance)).toMatchObject({
    state: 'closed',
    missingCount: 10,
    missing: [
      { from: 11, to: 15 },
      { from: 21, to: 25 },
    ],
  });
  // A retry and a late event close the gap.
  expect(await send(instance, '11-15', 5)).toBe(201);
  expect(await send(instance, '11-15', 5)).toBe(201);
  expect(await source(instance)).toMatchObject({ received: 18, missing: [{ from: 21, to: 25 }] });
});

test('F4 an instance that ends without a report is silent, and the numbers it may have lost have no upper end', async () => {
  const instance = newInstance();
  await tell(instance, { submitted: 3, reportEveryMs: 100 });
  await send(instance, '1-2', 2);
  await expect.poll(async () => (await source(instance))['state']).toBe('silent');
  expect(await source(instance)).toMatchObject({
    missingCount: 1,
    missing: [
      { from: 3, to: 3 },
      { from: 4, to: null },
    ],
  });
});

test('F15 the difference of the clocks is reported', async () => {
  const instance = newInstance();
  const began = Date.now();
  await tell(instance, { sentAt: new Date(began + 600_000).toISOString() });
  const tookMs = Date.now() - began;
  const { skewMs } = await source(instance);
  expect(Number(skewMs)).toBeGreaterThan(599_000 - tookMs);
  expect(Number(skewMs)).toBeLessThanOrEqual(601_000);
});

test('a batch whose header gives another number of events is refused, and nothing is stored', async () => {
  const instance = newInstance();
  expect(await send(instance, '1-3', 2)).toBe(400);
  expect(await tell('short', {})).toBe(400);
  expect(await tell(instance, { unsent: '5,4' })).toBe(400);
  expect(await tell(instance, { submitted: -1 })).toBe(400);
  expect(await source(instance)).toBeUndefined();
});

test('rejected events count as arrived', async () => {
  const instance = newInstance();
  const response = await server.fetch('/v1/events', {
    method: 'POST',
    body: JSON.stringify([{ action: 'x' }]),
    headers: { 'content-type': 'application/json', 'bitacora-sequences': `${instance} 1` },
  });
  expect(response.status).toBe(422);
  expect(await source(instance)).toMatchObject({ received: 1, missing: [] });
});

test('F17 the same id with another body is a conflict, and the attempt is recorded', async () => {
  const [event] = makeEvents(1);
  await server.send([event]);
  const { status } = await server.send([{ ...event, reason: 'another' }]);
  expect(status).toBe(409);
  await expect
    .poll(async () => {
      const { body } = await server.json('/v1/events?ledger=default.audit&action=event.conflict');
      return body.entries?.map((entry: { event: unknown }) => entry.event);
    })
    .toMatchObject([
      {
        outcome: 'failure',
        level: 'high',
        targets: [{ type: 'event', id: event?.id }],
        attributes: { conflicts: 1 },
      },
    ]);
});
