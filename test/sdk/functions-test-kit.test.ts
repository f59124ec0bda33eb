import { AssertionError } from 'node:assert';
import { expect, test } from 'vitest';
import { createTestAudit } from '@bitacora/sdk/test-kit';

test('SDK-28 the test kit captures in memory, checks events as the server does, and uses the time of its clock', async () => {
  const { audit, clock, expectAudit, events, errors } = createTestAudit();
  void audit.capture({
    action: 'booking.cancel',
    actor: { id: 'ana' },
    target: { type: 'booking', id: '7' },
  });
  clock.advance(90_000);
  void audit.capture({
    action: 'booking.cancel',
    actor: { id: 'luis' },
    target: { type: 'booking', id: '8' },
  });
  void audit.capture({ action: 'with spaces' });
  const last = await expectAudit('booking.cancel', { times: 2 });
  expect(last).toMatchObject({ actor: { id: 'luis', type: 'user' }, occurredAt: '2026-03-01T10:01:30.000Z' });
  expect((await events())[0]?.occurredAt).toBe('2026-03-01T10:00:00.000Z');
  expect((await errors()).map(({ field }) => field)).toEqual(['action']);
  expect(audit.health()).toMatchObject({ submitted: 3, delivered: 2, rejected: 1, pending: 0 });
  clock.set(0);
  void audit.capture({ action: 'booking.view' });
  expect((await expectAudit('booking.view')).occurredAt).toBe('1970-01-01T00:00:00.000Z');
});

test('SDK-28 an expectation matches by parts, patterns and functions, and shows the nearest event when it fails', async () => {
  const { audit, expectAudit } = createTestAudit();
  void audit.capture({
    action: 'invoice.approve',
    actor: { id: 'ana' },
    target: { type: 'invoice', id: '7' },
    attributes: { total: 12.5 },
  });
  void audit.capture({ action: 'session.login', actor: { id: 'luis' } });
  await expectAudit({
    action: /^invoice\./,
    targets: [{ id: '7' }],
    attributes: { total: (total: number) => total > 12 },
    id: /^[\da-f-]{36}$/,
  });
  const failure = await expectAudit({
    action: 'invoice.approve',
    actor: { id: 'eva' },
    outcome: 'success',
  }).catch(String);
  expect(failure).toBe(
    [
      'AssertionError [ERR_ASSERTION]: Expected an event {"action":"invoice.approve","actor":{"id":"eva"},"outcome":"success"}.',
      'The nearest, invoice.approve by ana on invoice/7, differs:',
      '  actor.id',
      '    - "eva"',
      '    + "ana"',
      '  outcome',
      '    - "success"',
      '    + nothing',
      'Captured (2):',
      '  invoice.approve by ana on invoice/7',
      '  session.login by luis',
    ].join('\n'),
  );
  await expect(expectAudit('session.login', { times: 2 })).rejects.toThrow(/2 times, but was 1 times/);
  await expect(expectAudit({ targets: [] })).rejects.toBeInstanceOf(AssertionError);
});

test('SDK-28 an event that must not be captured makes its expectation fail, and clear forgets all events', async () => {
  const { audit, expectAudit, expectNoAudit, clear, events } = createTestAudit();
  await expectNoAudit();
  await expect(expectAudit('a.b')).rejects.toThrow('Nothing was captured.');
  void audit.capture({ action: 'a.b' });
  await expect(expectNoAudit('a.b')).rejects.toThrow('Expected no event {"action":"a.b"}');
  await expectNoAudit('a.c');
  await clear();
  expect(await events()).toEqual([]);
  void audit.capture({ action: 'bad action' });
  await expect(expectAudit('bad action')).rejects.toThrow(/Rejected: action: the value has the wrong form/);
});

test('SDK-28 several test audits live side by side, in every mode, with the options of the application', async () => {
  const first = createTestAudit({
    name: 'shop',
    modeOf: { 'order.*': 'strict' },
    redact: { names: ['tax'] },
  });
  const second = createTestAudit();
  expect(
    await first.audit.capture({ action: 'order.pay', attributes: { tax: '12', token: 'x' } }),
  ).toMatchObject({ state: 'sequenced', index: 0 });
  expect(second.audit.capture({ action: 'order.pay' })).toBeUndefined();
  const paid = await first.expectAudit('order.pay', { times: 1 });
  expect(paid).toMatchObject({
    actor: { type: 'system', id: 'shop' },
    attributes: { tax: '[redacted]', token: '[redacted]' },
  });
  await second.expectAudit({ action: 'order.pay', actor: { id: 'test' } }, { times: 1 });
});
