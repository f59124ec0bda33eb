import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAudit, withContext, type Audit } from '@bitacora/sdk';
import { auditContext, audited } from '@bitacora/sdk/functions';
import { compileDecorators } from '../support/compile-decorators.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import type { decoratedDesk } from './decorated-travel.ts';
import { travelNames } from './travel-names.ts';

const folder = mkdtempSync(join(tmpdir(), 'bitacora-domain-'));
let server: TestServer;
let audit: Audit;
beforeAll(async () => {
  server = await startTestServer();
  audit = createAudit({ url: server.url, key: server.key, name: 'travel', batchAfterMs: 5 });
});
afterAll(async () => {
  await audit?.close();
  rmSync(folder, { recursive: true, force: true });
  await server.dispose();
});

const actor = { id: 'lia', name: 'Lía' };

/** The events with this correlation id, oldest first. */
async function stored(correlationId: string): Promise<any[]> {
  await audit.flush();
  const { body } = await server.json(`/v1/events?q=correlation:${correlationId}&order=asc&limit=100`);
  return body.entries.map(({ event }: any) => event);
}

test("D-05 methods with a domain's decorators are recorded with actor, action, duration and outcome", async () => {
  const compiled = await compileDecorators(resolve(import.meta.dirname, 'decorated-travel.ts'), folder);
  const { desk, invite }: ReturnType<typeof decoratedDesk> = compiled.decoratedDesk(
    travelNames(audited, audit),
  );
  await withContext({ actor, correlationId: 'methods' }, async () => {
    expect(await desk.create({ id: 'b7' }, 2)).toEqual({ seats: 2 });
    await expect(desk.create({ id: 'b8' }, 0)).rejects.toThrow(RangeError);
    expect(desk.ask('eco')).toBe('eco: Costa Rica');
    expect(desk.export()).toEqual(['ann', 'bo']);
    expect(invite('a@example.org')).toBe('a@example.org');
  });
  const events = await stored('methods');
  for (const event of events)
    expect(event).toMatchObject({ actor: { id: 'lia' }, durationMs: expect.any(Number) });
  const all = { outcome: 'success' };
  expect(events).toMatchObject([
    { ...all, action: 'booking.create', level: 'medium', targets: [{ type: 'booking', id: 'b7' }] },
    {
      action: 'booking.create',
      outcome: 'failure',
      targets: [{ type: 'booking', id: 'b8' }],
      error: { code: 'RangeError', message: 'no seats' },
    },
    { ...all, action: 'agent.query', targets: [{ type: 'agent', id: 'ethical_tourism' }] },
    {
      ...all,
      action: 'data.export',
      level: 'high',
      sensitive: true,
      attributes: { records: 2 },
      targets: [{ type: 'data', id: 'customer_data' }],
    },
    { ...all, action: 'user.create', module: 'user_management', level: 'medium' },
  ]);
});

test('D-05 the same names wrap functions, which keep their types, results and errors', async () => {
  const names = travelNames(audited, audit);
  const cancel = names.auditBookingAction('cancel')((booking: { id: string }, reason: string) =>
    Promise.resolve(`${booking.id} ${reason}`),
  );
  const ask = names.auditAiAgentAccess('ethical_tourism')((question: string) => question.length);
  const list = names.auditDataAccess('customer_pii', 'view')(async () => ['ann']);
  const rename = names.auditUserAction(
    'user.rename',
    'user_management',
    'high',
  )(() => {
    throw new Error('token=abcdef0123456789abcdef');
  });
  // @ts-expect-error a booking is needed
  void (() => cancel('b7', 'x'));
  // @ts-expect-error not a number
  void (() => ask(7));
  await withContext({ actor, correlationId: 'functions' }, async () => {
    expect(await cancel({ id: 'b7' }, 'storm')).toBe('b7 storm');
    expect(ask('eco')).toBe(3);
    expect(await list()).toEqual(['ann']);
    expect(rename).toThrow('token=');
  });
  const events = await stored('functions');
  expect(events).toMatchObject([
    { action: 'booking.cancel', level: 'high', outcome: 'success', targets: [{ id: 'b7' }] },
    { action: 'agent.query', outcome: 'success' },
    { action: 'data.view', outcome: 'success', attributes: { records: 1 } },
    { action: 'user.rename', level: 'high', outcome: 'failure' },
  ]);
  expect(JSON.stringify(events)).not.toContain('abcdef0123456789');
});

test('D-05 a block is recorded with its start, duration and result, also when it throws', async () => {
  const fields = {
    actor,
    description: 'Complex booking operation with multiple agents',
    action: 'booking.create',
    ...({ module: 'booking', level: 'medium', announce: true } as const),
  };
  const began = Date.now();
  const booked = await auditContext(audit, { ...fields, correlationId: 'block-good' }, async () => {
    await new Promise((done) => setTimeout(done, 20));
    void audit.capture({ action: 'seat.hold', actor });
    return 7;
  });
  const ended = Date.now();
  expect(booked).toBe(7);
  // The events are ordered by the time at which they began.
  const [start, end, held] = await stored('block-good');
  expect(start).toMatchObject({ action: 'booking.create', outcome: 'pending', level: 'medium' });
  expect(held).toMatchObject({ action: 'seat.hold' });
  expect(end).toMatchObject({ action: 'booking.create', outcome: 'success', actor: { id: 'lia' } });
  expect(end.description).toBe(fields.description);
  expect(end.durationMs).toBeGreaterThanOrEqual(18);
  expect(Date.parse(end.occurredAt)).toBeGreaterThanOrEqual(began);
  expect(Date.parse(end.occurredAt)).toBeLessThanOrEqual(ended);

  const failed = new RangeError('no seats left');
  const run = (): Promise<never> =>
    auditContext(audit, { ...fields, correlationId: 'block-bad' }, () => Promise.reject(failed));
  await expect(run()).rejects.toBe(failed);
  expect(await stored('block-bad')).toMatchObject([
    { outcome: 'pending' },
    {
      outcome: 'failure',
      error: { code: 'RangeError', message: 'no seats left' },
      durationMs: expect.any(Number),
    },
  ]);
});
