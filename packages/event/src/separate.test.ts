import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AuditEvent } from './audit-event.ts';
import { canonicalJson } from './canonical-json.ts';
import { anyEvent } from '../test/any-event.ts';
import { join } from './join.ts';
import { compilePersonal, personalByDefault } from './personal.ts';
import { separate, type SeparationPolicy } from './separate.ts';

const pseudonym = (id: string): string => `p_${id.length}`;
const byDefault: SeparationPolicy = { personal: compilePersonal(), pseudonym };
const declared: SeparationPolicy = {
  personal: compilePersonal({
    personal: ['attributes.a', 'attributes.b.c', 'attributes.b.d', 'context.a.b', 'context.a'],
    notPersonal: { 'targets.name': 'names of public buildings', changes: 'states only' },
  }),
  pseudonym,
};
const event: AuditEvent = {
  id: '0195512f-7c80-7000-8000-0123456789ab',
  action: 'booking.cancel',
  actor: {
    type: 'user',
    id: 'ana@example.com',
    name: 'PII-1',
    email: 'PII-2',
    role: 'agent',
    onBehalfOf: { type: 'user', id: 'boss@example.com', name: 'PII-3' },
  },
  subject: { type: 'customer', id: 'c@example.com', name: 'PII-4', email: 'PII-5' },
  targets: [
    { type: 'booking', id: 'B1' },
    { type: 'mailbox', id: 'x@example.com', name: 'PII-6' },
  ],
  description: 'PII-7',
  reason: 'PII-8',
  error: { code: 'E1', message: 'PII-9' },
  request: { method: 'GET', url: 'PII-10', status: 200 },
  client: { ip: '203.0.113.1', userAgent: 'PII-11', device: 'PII-12', country: 'CR' },
  changes: [{ path: 'name', before: 'PII-13', after: null }],
  attributes: { fare: 'Y' },
};

describe('separating personal values', () => {
  test('leaves none of them in the bytes that are hashed', () => {
    const { open, groups } = separate(event, byDefault);
    expect(JSON.stringify(open)).not.toMatch(/PII|@example|203\.0/);
    expect(open).toEqual({
      id: event.id,
      action: event.action,
      actor: { type: 'user', id: 'p_15', role: 'agent', onBehalfOf: { type: 'user', id: 'p_16' } },
      subject: { type: 'customer', id: 'p_13' },
      targets: [
        { type: 'booking', id: 'B1' },
        { type: 'mailbox', id: 'p_13' },
      ],
      error: { code: 'E1' },
      request: { method: 'GET', status: 200 },
      client: { country: 'CR' },
      attributes: { fare: 'Y' },
    });
    expect(groups.actor).toEqual({
      actor: {
        id: 'ana@example.com',
        name: 'PII-1',
        email: 'PII-2',
        onBehalfOf: { id: 'boss@example.com', name: 'PII-3' },
      },
      client: { ip: '203.0.113.1', userAgent: 'PII-11', device: 'PII-12' },
    });
    expect(groups.subject).toEqual({ subject: { id: 'c@example.com', name: 'PII-4', email: 'PII-5' } });
    expect(groups.text).toMatchObject({ targets: [{}, { id: 'x@example.com', name: 'PII-6' }] });
  });

  test('gives an empty actor group when no field is personal', () => {
    const plain = { id: event.id, action: 'a', actor: { type: 'system', id: 'cron' } } as const;
    expect(separate(plain, byDefault)).toEqual({ open: plain, groups: { actor: {} } });
  });

  test("follows the pack's declaration, and treats a field as personal in doubt", () => {
    const attributes = { a: { deep: 1 }, b: { c: 1, e: 2 }, keep: 3 };
    const { open, groups } = separate({ ...event, attributes, context: { a: ['list'] } }, declared);
    expect(open.attributes).toEqual({ b: { e: 2 }, keep: 3 });
    expect(open.context).toEqual({});
    expect(open.changes).toEqual(event.changes);
    expect(open.targets?.[1]?.name).toBe('PII-6');
    expect(groups.text).toMatchObject({
      attributes: { a: { deep: 1 }, b: { c: 1 } },
      context: { a: ['list'] },
    });
    const list = separate({ ...event, attributes: { b: [{ c: 'x' }] } }, declared);
    expect(list.open.attributes).toEqual({});
    expect(attributes).toEqual({ a: { deep: 1 }, b: { c: 1, e: 2 }, keep: 3 });
  });

  test.each([
    [{ personal: ['actor.name'] }],
    [{ personal: ['attributes'] }],
    [{ personal: ['attributes..x'] }],
    [{ notPersonal: { changes: ' ' } }],
    [{ notPersonal: { 'attributes.x': 'because' } as object }],
  ])('refuses the declaration %j', (declarations) => {
    expect(() => compilePersonal(declarations)).toThrow(
      expect.objectContaining({ code: 'invalid_declaration' }),
    );
  });

  test('every default can be switched off with a reason', () => {
    const notPersonal = Object.fromEntries(Object.keys(personalByDefault).map((field) => [field, 'tested']));
    const { open } = separate(event, { personal: compilePersonal({ notPersonal }), pseudonym: (id) => id });
    expect(open).toEqual(event);
  });
});

describe('joining', () => {
  test('is the inverse of separating, also after canonical JSON', () => {
    fc.assert(
      fc.property(anyEvent, fc.constantFrom(byDefault, declared), (any, policy) => {
        const before = structuredClone(any);
        const { open, groups } = separate(any, policy);
        expect(join(open, groups)).toEqual(any);
        expect(join(JSON.parse(canonicalJson(open)), JSON.parse(canonicalJson(groups)))).toEqual(any);
        expect(any).toEqual(before);
      }),
      { numRuns: 400 },
    );
  });

  test('shows the values that are left after an erasure, and names the erased groups', () => {
    const { open, groups } = separate(event, byDefault);
    const view = join(open, groups, ['actor', 'text']);
    expect(view.erased).toEqual(['actor', 'text']);
    expect(JSON.stringify(view)).not.toMatch(/PII-([1236789]|1\d)"/);
    expect(view.subject).toEqual(event.subject);
    expect(join(open, groups)).not.toHaveProperty('erased');
  });
});
