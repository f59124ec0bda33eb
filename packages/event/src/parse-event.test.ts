import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { parseEvent } from './parse-event.ts';
import { isUuidV7 } from './uuid-v7.ts';

const id = '0195512f-7c80-7000-8000-0123456789ab';
const least = { id, action: 'booking.cancel', actor: { id: 'u1' } };

function refusal(extra: object): string {
  const parsed = parseEvent({ ...least, ...extra });
  return parsed.ok ? 'accepted' : `${parsed.rejection.code} ${parsed.rejection.field}`;
}

describe('parsing an event', () => {
  test('needs only an action and an actor, and fills in id and actor type', () => {
    const parsed = parseEvent({ action: 'a', actor: { id: 'u1' } });
    expect(parsed).toMatchObject({ ok: true, event: { action: 'a', actor: { id: 'u1', type: 'user' } } });
    expect(parsed.ok && isUuidV7(parsed.event.id)).toBe(true);
    expect(parseEvent(least, { createId: () => 'unused' })).toMatchObject({ event: { id } });
  });

  test('keeps texts byte for byte and changes only id and occurredAt', () => {
    const parsed = parseEvent({
      ...least,
      id: id.toUpperCase(),
      occurredAt: '2026-03-01T12:00:00+02:00',
      description: '  e\u0301 \u202e <b> 😀\u0007 ',
      traceId: 'ABCDEF0123456789abcdef0123456789',
    });
    expect(parsed).toEqual({
      ok: true,
      event: {
        id,
        action: 'booking.cancel',
        actor: { type: 'user', id: 'u1' },
        occurredAt: '2026-03-01T10:00:00.000Z',
        description: '  e\u0301 \u202e <b> 😀\u0007 ',
        traceId: 'ABCDEF0123456789abcdef0123456789',
      },
    });
  });

  test('takes a single target as the list of one, but not both', () => {
    const target = { type: 'booking', id: 'B1' };
    const parsed = parseEvent({ ...least, target });
    expect(parsed.ok && parsed.event.targets).toEqual([target]);
    expect(parsed.ok && 'target' in parsed.event).toBe(false);
    expect(refusal({ target, targets: [target] })).toBe('conflict target');
  });

  test('treats null as absent, except in before and after of a change', () => {
    const parsed = parseEvent({ ...least, reason: null, changes: [{ path: 'a', before: null, after: 1 }] });
    expect(parsed.ok && parsed.event).toEqual({
      ...least,
      actor: { type: 'user', id: 'u1' },
      changes: [{ path: 'a', before: null, after: 1 }],
    });
    expect(refusal({ actor: null })).toBe('required actor');
  });

  test.each<[string, object]>([
    ['required action', { action: undefined }],
    ['required actor', { actor: undefined }],
    ['required actor.id', { actor: { name: 'x' } }],
    ['too_short actor.id', { actor: { id: '' } }],
    ['wrong_type actor.id', { actor: { id: 7 } }],
    ['not_allowed actor.type', { actor: { id: 'a', type: 'robot' } }],
    ['unknown_field actor.age', { actor: { id: 'a', age: 3 } }],
    ['unknown_field actor.onBehalfOf.x', { actor: { id: 'a', onBehalfOf: { x: 1 } } }],
    ['unknown_field status', { status: 'x' }],
    ['unknown_field ["odd key"]', { 'odd key': 'x' }],
    ['invalid_format id', { id: '0195512f-7c80-4000-8000-0123456789ab' }],
    ['invalid_format action', { action: 'a b' }],
    ['invalid_format action', { action: 'a\u0085' }],
    ['too_long action', { action: 'a'.repeat(201) }],
    ['accepted', { action: 'a'.repeat(200) }],
    ['not_allowed operation', { operation: 'CREATE' }],
    ['wrong_type outcome', { outcome: true }],
    ['not_allowed level', { level: 'alto' }],
    ['required targets[1].id', { targets: [{ type: 'a', id: 'b' }, { type: 'a' }] }],
    ['too_many targets', { targets: Array.from({ length: 51 }, () => ({ type: 'a', id: 'b' })) }],
    ['accepted', { targets: Array.from({ length: 50 }, () => ({ type: 'a', id: 'b' })) }],
    ['wrong_type changes[0]', { changes: ['x'] }],
    [
      'required changes[3].path',
      { changes: [...Array.from({ length: 3 }, () => ({ path: 'a' })), { before: 1 }] },
    ],
    ['too_many tags', { tags: Array.from({ length: 51 }, () => 'x') }],
    ['too_long tags[0]', { tags: ['x'.repeat(201)] }],
    ['invalid_format occurredAt', { occurredAt: '2026-02-30T00:00:00Z' }],
    ['invalid_format amount.value', { amount: { value: '1,5', currency: 'EUR' } }],
    ['invalid_format amount.currency', { amount: { value: '1.5', currency: 'eur' } }],
    ['required amount.currency', { amount: { value: '-1.50' } }],
    ['out_of_range durationMs', { durationMs: -1 }],
    ['unsafe_number durationMs', { durationMs: Number.NaN }],
    ['out_of_range request.status', { request: { status: 600 } }],
    ['invalid_format request.status', { request: { status: 200.5 } }],
    ['invalid_format client.ip', { client: { ip: '256.1.1.1' } }],
    ['accepted', { client: { ip: '2001:db8::1' } }],
    ['invalid_format traceId', { traceId: 'g'.repeat(32) }],
    ['invalid_format spanId', { spanId: '0'.repeat(15) }],
    ['too_long sessionId', { sessionId: 'x'.repeat(201) }],
    ['wrong_type attributes', { attributes: [] }],
    ['wrong_type context', { context: 'x' }],
    ['lone_surrogate reason', { reason: '\ud800' }],
    ['lone_surrogate description', { description: `${'x'.repeat(99)}\udfff` }],
    ['nul_character actor.name', { actor: { id: 'a', name: 'a\0' } }],
    ['unsafe_number attributes.n', { attributes: { n: 2 ** 53 } }],
    ['forbidden_key attributes.__proto__', { attributes: JSON.parse('{"__proto__":1}') }],
    ['forbidden_key changes[0].after.constructor', { changes: [{ path: 'a', after: { constructor: 1 } }] }],
    ['wrong_type sensitive', { sensitive: 'yes' }],
  ])('answers %s', (expected, extra) => {
    expect(refusal(extra)).toBe(expected);
  });

  test('counts depth and keys over the whole event', () => {
    expect(refusal({ attributes: { a: nest(30) } })).toBe('accepted');
    expect(refusal({ attributes: { a: nest(31) } })).toMatch(/^too_deep attributes\.a\[0\]/);
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
    expect(refusal({ attributes: keys(995) })).toBe('accepted');
    expect(refusal({ attributes: keys(996) })).toBe('too_many_keys attributes');
  });

  test('refuses an event whose canonical form is above 60 KiB and takes one just below', () => {
    const room =
      limits.eventSizeMaxBytes - JSON.stringify({ ...least, actor: { id: 'u1', type: 'user' } }).length;
    const reason = 'x'.repeat(room - ',"reason":""'.length);
    expect(refusal({ reason })).toBe('accepted');
    expect(refusal({ reason: `${reason}x` })).toBe('too_large ');
    expect(refusal({ attributes: { a: '\u0001'.repeat(12_000) } })).toBe('too_large ');
    expect(refusal({ attributes: { a: Array.from({ length: 9_000 }, () => 1e15) } })).toBe('too_large ');
  });

  test('shares nothing with the input', () => {
    const attributes = { list: [1] };
    const parsed = parseEvent({ ...least, attributes });
    attributes.list.push(2);
    expect(parsed.ok && parsed.event.attributes).toEqual({ list: [1] });
    const named = parseEvent({ ...least, [Symbol('theirs')]: attributes });
    expect(named.ok && Reflect.ownKeys(named.event).filter((key) => typeof key === 'symbol')).toEqual([]);
  });
});

describe('parsing hostile JavaScript values', () => {
  const cycle: Record<string, unknown> = {};
  cycle['a'] = [cycle, cycle];
  const broad: unknown[] = [];
  broad.push(broad, broad, broad);
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  test.each<[string, unknown]>([
    ['wrong_type', undefined],
    ['wrong_type', null],
    ['wrong_type', 'text'],
    ['wrong_type', Symbol('x')],
    ['wrong_type', 1n],
    ['wrong_type', [least]],
    ['wrong_type', new Date()],
    ['unreadable', Object.defineProperty({}, 'action', { enumerable: true, get: () => fail() })],
    ['unreadable', new Proxy({}, { ownKeys: () => fail() })],
    ['unreadable', revoked],
    ['unreadable', { ...least, attributes: revoked }],
    ['not_json', { ...least, attributes: { a: 1n } }],
    ['not_json', { ...least, attributes: { a: Symbol('x') } }],
    ['not_json', { ...least, attributes: { a: new Map() } }],
    ['not_json', { ...least, attributes: { a: () => 1 } }],
    ['not_json', { ...least, attributes: { a: [undefined] } }],
    ['too_deep', { ...least, attributes: cycle }],
    ['too_deep', { ...least, attributes: { broad } }],
    ['too_deep', { ...least, attributes: { deep: nest(100_000) } }],
    ['too_large', { ...least, attributes: { a: Array.from({ length: 1e5 }, () => 0) } }],
  ])('refuses with %s and does not throw', (code, input) => {
    expect(parseEvent(input)).toMatchObject({ ok: false, rejection: { code } });
  });

  test('never throws, and the field that it names is always short', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
    });
    fc.assert(
      fc.property(anything, fc.dictionary(fc.string(), anything), (value, fields) => {
        for (const input of [
          value,
          { ...least, ...fields },
          { ...least, attributes: fields, reason: value },
        ]) {
          const parsed = parseEvent(input);
          if (!parsed.ok) expect(parsed.rejection.field.length).toBeLessThan(400);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(parseEvent({ ...least, ['x'.repeat(50_000)]: 1 })).toMatchObject({
      rejection: { code: 'unknown_field' },
    });
  });
});

function nest(depth: number): unknown {
  let value: unknown = [];
  for (let i = 1; i < depth; i++) value = [value];
  return value;
}

function fail(): never {
  throw new Error('a getter that throws');
}
