import { expect, test } from 'vitest';
import { currentContext, withContext } from '@bitacora/sdk';
import { auditContext, diff } from '@bitacora/sdk/functions';
import { createTestAudit } from '@bitacora/sdk/test-kit';

const startedAt = Date.now();

test('SDK-31 a block is one event with start, duration and outcome, and events inside have its correlation id', async () => {
  const { audit, expectAudit } = createTestAudit();
  const result = await auditContext(
    audit,
    { action: 'closing.run', attributes: { month: 3 } },
    async (block) => {
      block.add({ attributes: { entries: 12 }, description: 'March closed' });
      void audit.capture({ action: 'entry.post' });
      await new Promise((resolve) => setTimeout(resolve, 20));
      return 'done';
    },
  );
  expect(result).toBe('done');
  const inner = await expectAudit('entry.post');
  const event = await expectAudit({ action: 'closing.run', outcome: 'success', description: 'March closed' });
  expect(event.attributes).toEqual({ month: 3, entries: 12 });
  expect(event.correlationId).toBe(inner.correlationId);
  expect(event.durationMs).toBeGreaterThanOrEqual(18);
  expect(Date.parse(event.occurredAt ?? '')).toBeGreaterThanOrEqual(startedAt);
});

test('SDK-31 a block that throws is a failure with its error, which reaches the caller; fail() makes one without a throw', async () => {
  const { audit, expectAudit } = createTestAudit();
  const boom = new RangeError('too far');
  const run = (): Promise<never> => auditContext(audit, { action: 'trip.plan' }, () => Promise.reject(boom));
  await expect(run()).rejects.toBe(boom);
  await expectAudit({
    action: 'trip.plan',
    outcome: 'failure',
    error: { code: 'RangeError', message: 'too far' },
  });
  expect(() =>
    auditContext(audit, { action: 'trip.book' }, () => {
      throw boom;
    }),
  ).toThrow(boom);
  await expectAudit({ action: 'trip.book', outcome: 'failure' });
  expect(auditContext(audit, { action: 'trip.pay' }, (block) => (block.fail('no money'), 7))).toBe(7);
  await expectAudit({ action: 'trip.pay', outcome: 'failure', error: { message: 'no money' } });
});

test('SDK-31 await using captures at the end of the block, and a success only after succeed()', async () => {
  const { audit, expectAudit, events } = createTestAudit();
  const run = async (action: string, step: 'succeed' | 'throw' | 'return'): Promise<void> => {
    await using block = auditContext(audit, { action, announce: step === 'succeed' });
    if (step === 'throw') throw new Error('lost');
    if (step === 'succeed') block.succeed();
  };
  await run('sync.good', 'succeed');
  await expect(run('sync.bad', 'throw')).rejects.toThrow('lost');
  await run('sync.silent', 'return');
  const good = await expectAudit({ action: 'sync.good', outcome: 'success' });
  const { correlationId, occurredAt } = good;
  await expectAudit({ action: 'sync.good', outcome: 'pending', correlationId, occurredAt });
  for (const action of ['sync.bad', 'sync.silent']) {
    await expectAudit(
      { action, outcome: 'failure', error: { code: 'unfinished', message: /succeed/ } },
      { times: 1 },
    );
  }
  expect(await events()).toHaveLength(4);
});

test('SDK-31 a block takes the correlation id of its fields or of the running context', async () => {
  const { audit, expectAudit } = createTestAudit();
  withContext({ correlationId: 'request-7' }, () =>
    auditContext(audit, { action: 'a.b' }, (block) =>
      expect(currentContext().correlationId).toBe(block.correlationId),
    ),
  );
  await expectAudit({ action: 'a.b', correlationId: 'request-7' });
  auditContext(audit, { action: 'a.c', correlationId: 'own' }, () =>
    expect(currentContext().correlationId).toBe('own'),
  );
  await expectAudit({ action: 'a.c', correlationId: 'own' });
});

test('SDK-31 diff lists each value that differs by its path, and absent differs from null', () => {
  const before = {
    name: 'Ana',
    address: { city: 'Madrid', zip: '28001' },
    tags: ['a', 'b'],
    seats: 1,
    note: null,
    at: new Date(0),
    'odd key': 1,
    gone: true,
  };
  const after = {
    name: 'Ana',
    address: { city: 'Lima', zip: '28001' },
    tags: ['b', 'a'],
    seats: 1,
    note: '',
    at: new Date(1),
    'odd key': 2,
    added: 12n,
    none: undefined,
  };
  expect(diff(before, after)).toEqual([
    { path: 'address.city', before: 'Madrid', after: 'Lima' },
    { path: 'tags', before: ['a', 'b'], after: ['b', 'a'] },
    { path: 'note', before: null, after: '' },
    { path: 'at', before: '1970-01-01T00:00:00.000Z', after: '1970-01-01T00:00:00.001Z' },
    { path: '["odd key"]', before: 1, after: 2 },
    { path: 'gone', before: true },
    { path: 'added', after: '12' },
  ]);
  expect(diff(before, structuredClone(before))).toEqual([]);
  expect(diff(null, { a: 1 })).toEqual([{ path: 'a', after: 1 }]);
  expect(diff({ a: 1 }, undefined)).toEqual([{ path: 'a', before: 1 }]);
  expect(
    diff(before, after, { only: ['address', 'at'], ignore: ['address.zip'] }).map(({ path }) => path),
  ).toEqual(['address.city', 'at']);
  expect(diff({ price: 0, x: Number.NaN }, { price: -0, x: Number.NaN })).toEqual([]);
});

test('SDK-31 diff ends on values that refer to themselves, and lists no more than an event can hold', async () => {
  const cycle: Record<string, unknown> = { n: 1 };
  cycle['self'] = cycle;
  const other: Record<string, unknown> = { n: 2 };
  other['self'] = other;
  expect(diff(cycle, other)[0]).toEqual({ path: 'n', before: 1, after: 2 });
  const wide = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`k${i}`, i]));
  expect(diff({ wide: {} }, { wide })).toEqual([{ path: 'wide', before: {}, after: wide }]);
  const many = diff({}, wide);
  expect(many).toHaveLength(300);
  expect(many.at(-1)).toEqual({ path: '…', after: '301 more changes' });
  const { audit, expectAudit } = createTestAudit();
  void audit.capture({ action: 'row.update', changes: many });
  expect((await expectAudit('row.update')).changes).toHaveLength(300);
});
