import { expect, expectTypeOf, test } from 'vitest';
import { defineEvents, type DefinedEvent, type Violation } from '@bitacora/sdk/functions';
import { createTestAudit } from '@bitacora/sdk/test-kit';

const definitions = defineEvents({
  'invoice.approve': {
    target: 'invoice',
    attributes: {
      band: ['small', 'large'],
      lines: 'number',
      urgent: 'boolean?',
      note: 'string?',
      raw: 'json?',
    },
    defaults: { operation: 'update', level: 'high' },
  },
  'invoice.view': { target: 'invoice', attributes: { from: 'string?' } },
  'report.print': {},
  'import.run': { attributes: 'any' },
  'visit.note': {
    attributes: { kind: { optional: ['call', 'visit'] }, on: 'date', more: 'object?' },
  },
});
type Defined = DefinedEvent<typeof definitions.specs>;
type Approve = Extract<Defined, { action: 'invoice.approve' }>;
type View = Extract<Defined, { action: 'invoice.view' }>;
type Note = Extract<Defined, { action: 'visit.note' }>;
type Print = Extract<Defined, { action: 'report.print' }>;
const target = { type: 'invoice', id: '7' } as const;
const attributes = { band: 'small', lines: 3 } as const;

test('SDK-6 the compiler knows the actions, their targets and their attributes', () => {
  expectTypeOf<Defined['action']>().toEqualTypeOf<
    'invoice.approve' | 'invoice.view' | 'report.print' | 'import.run' | 'visit.note'
  >();
  expectTypeOf<Note['attributes']['kind']>().toEqualTypeOf<'call' | 'visit' | undefined>();
  expectTypeOf<Note['attributes']['on']>().toEqualTypeOf<string>();
  expectTypeOf<Approve['attributes']['band']>().toEqualTypeOf<'small' | 'large'>();
  expectTypeOf<Approve['attributes']['lines']>().toEqualTypeOf<number>();
  expectTypeOf<Approve['attributes']['urgent']>().toEqualTypeOf<boolean | undefined>();
  expectTypeOf<Approve['attributes']['note']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Approve['target']['type']>().toEqualTypeOf<'invoice'>();
  expectTypeOf<Approve['target']['id']>().toEqualTypeOf<string>();
  expectTypeOf<NonNullable<View['attributes']>['from']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<View>().toExtend<{ readonly attributes?: object }>();
  expectTypeOf<Print['attributes']>().toEqualTypeOf<undefined>();
  expectTypeOf<Approve['outcome']>().toEqualTypeOf<
    'success' | 'failure' | 'warning' | 'skipped' | 'pending' | undefined
  >();

  // This code never runs. Each line must be an error for the compiler.
  const { capture } = definitions.typed(createTestAudit().audit);
  const wrong = [
    // @ts-expect-error an unknown action
    () => capture({ action: 'invoice.aprove', target, attributes }),
    // @ts-expect-error no action
    () => capture({ target, attributes }),
    // @ts-expect-error no target
    () => capture({ action: 'invoice.approve', attributes }),
    // @ts-expect-error another type of target
    () => capture({ action: 'invoice.approve', target: { type: 'order', id: '7' }, attributes }),
    // @ts-expect-error a target without an id
    () => capture({ action: 'invoice.approve', target: { type: 'invoice' }, attributes }),
    // @ts-expect-error several targets
    () => capture({ action: 'invoice.approve', target, targets: [target], attributes }),
    // @ts-expect-error no attributes
    () => capture({ action: 'invoice.approve', target }),
    // @ts-expect-error a required attribute is missing
    () => capture({ action: 'invoice.approve', target, attributes: { band: 'small' } }),
    // @ts-expect-error not one of the choices
    () => capture({ action: 'invoice.approve', target, attributes: { band: 'huge', lines: 3 } }),
    // @ts-expect-error a text for a number
    () => capture({ action: 'invoice.approve', target, attributes: { band: 'small', lines: '3' } }),
    // @ts-expect-error a number for a flag
    () => capture({ action: 'invoice.approve', target, attributes: { ...attributes, urgent: 1 } }),
    // @ts-expect-error an attribute that is not defined
    () => capture({ action: 'invoice.approve', target, attributes: { ...attributes, colour: 'red' } }),
    // @ts-expect-error an attribute of another action
    () => capture({ action: 'invoice.view', target, attributes: { lines: 3 } }),
    // @ts-expect-error not one of the choices that may be absent
    () => capture({ action: 'visit.note', attributes: { on: '2026-03-01', kind: 'letter' } }),
    // @ts-expect-error a list for an object
    () => capture({ action: 'visit.note', attributes: { on: '2026-03-01', more: [1] } }),
    // @ts-expect-error a number for a date
    () => capture({ action: 'visit.note', attributes: { on: 20_260_301 } }),
    // @ts-expect-error attributes where there are none
    () => capture({ action: 'report.print', attributes: { pages: 3 } }),
    // @ts-expect-error a field that events do not have
    () => capture({ action: 'report.print', severity: 'high' }),
    // @ts-expect-error a word that outcomes do not have
    () => capture({ action: 'report.print', outcome: 'ok' }),
    // @ts-expect-error an actor without an id
    () => capture({ action: 'report.print', actor: { name: 'Ana' } }),
    // @ts-expect-error a mode that does not exist
    () => capture({ action: 'report.print' }, { mode: 'quick' }),
    // @ts-expect-error a kind of attribute that does not exist
    () => defineEvents({ 'a.b': { attributes: { n: 'integer' } } }),
    // @ts-expect-error a choice of nothing
    () => defineEvents({ 'a.b': { attributes: { n: [] } } }),
  ];
  expect(wrong).toHaveLength(23);
});

test('SDK-6 defined events are captured with their defaults, which they may override', async () => {
  const { audit, expectAudit } = createTestAudit();
  const typed = definitions.typed(audit);
  void typed.capture({
    action: 'invoice.approve',
    target,
    attributes: { ...attributes, urgent: true, raw: [1, { a: null }] },
  });
  void typed.capture({ action: 'invoice.view', target, level: 'low' });
  void typed.capture({ action: 'report.print', target: { type: 'printer', id: 'p1' } });
  await expectAudit({
    action: 'invoice.approve',
    operation: 'update',
    level: 'high',
    attributes: { band: 'small', lines: 3, urgent: true },
  });
  await expectAudit({ action: 'invoice.view', level: 'low' });
  await expectAudit({ action: 'report.print', targets: [{ type: 'printer', id: 'p1' }] });
  expect(typed.health().submitted).toBe(3);
});

test('SDK-6 a fault that the types could not see is reported when it happens, and the event is captured all the same', async () => {
  const { audit, events } = createTestAudit();
  const violations: Violation[] = [];
  const { capture } = definitions.typed(audit, (violation) => violations.push(violation));
  const untyped = capture as (event: unknown) => unknown;
  untyped({ action: 'invoice.pay', target });
  untyped({
    action: 'invoice.approve',
    target: { type: 'order', id: '1' },
    attributes: { band: 'huge', lines: 'x', more: 1 },
  });
  untyped({ action: 'invoice.view', target, attributes: { from: 7 } });
  untyped({ action: 'visit.note', attributes: { on: 'monday', kind: 'letter', more: [] } });
  untyped({ action: 'visit.note', attributes: { on: '2026-03-01', more: {} } });
  untyped({ action: 'import.run', attributes: { rows: 7, of: ['a'] } });
  expect(violations.map(({ action, field, message }) => `${action} ${field}: ${message}`)).toEqual([
    'invoice.pay action: not one of the defined actions',
    'invoice.approve target.type: must be invoice',
    'invoice.approve attributes.band: one of small, large',
    'invoice.approve attributes.lines: must be a number',
    'invoice.approve attributes.more: not defined for this action',
    'invoice.view attributes.from: must be a string',
    'visit.note attributes.on: must be a date',
    'visit.note attributes.kind: one of call, visit',
    'visit.note attributes.more: must be an object',
  ]);
  expect((await events()).map(({ action }) => action)).toEqual([
    'invoice.pay',
    'invoice.approve',
    'invoice.view',
    'visit.note',
    'visit.note',
    'import.run',
  ]);
  expect(definitions.check({ action: 'report.print' })).toEqual([]);
  expect(
    definitions.check({
      get action() {
        throw new Error('no');
      },
    }),
  ).toHaveLength(1);
  for (const odd of [null, undefined, 7, 'x', []]) expect(definitions.check(odd)).toHaveLength(1);
});

test('SDK-6 SDK-3 an event that cannot be read is reported and counted, and nothing is thrown at the host', async () => {
  const { audit } = createTestAudit();
  const violations: Violation[] = [];
  const { capture } = definitions.typed(audit, (violation) => violations.push(violation));
  const untyped = capture as (event: unknown) => unknown;
  const thrower = {
    action: 'report.print',
    get reason(): string {
      throw new Error('no');
    },
  };
  const odd = [null, undefined, thrower, 7];
  for (const event of odd) expect(() => untyped(event)).not.toThrow();
  expect(violations).toHaveLength(odd.length);
  await audit.flush();
  expect(audit.health()).toMatchObject({ submitted: odd.length, rejected: odd.length });
});
