import { expect, test } from 'vitest';
import { createTestAudit } from '@bitacora/sdk/test-kit';

const attributesOf = async (attributes: Record<string, unknown>): Promise<unknown> => {
  const { audit, expectAudit } = createTestAudit();
  void audit.capture({ action: 'a.b', attributes: attributes as never });
  return (await expectAudit('a.b')).attributes;
};

test('SDK-5 later changes of the host, at any depth, do not change what was captured', async () => {
  const { audit, expectAudit } = createTestAudit();
  const event = {
    action: 'booking.update',
    actor: { id: 'ana', name: 'Ana' },
    targets: [{ type: 'booking', id: '1' }],
    changes: [{ path: 'seats', before: [1], after: [1, 2] }],
    attributes: { deep: { list: [{ n: 1 }] }, at: new Date(0), seats: new Map([['a', [1]]]) } as never,
  };
  const before = structuredClone(event);
  void audit.capture(event);
  event.actor.name = 'Eve';
  event.targets.push({ type: 'booking', id: '2' });
  event.changes[0]?.after.push(3);
  const attributes: any = event.attributes;
  attributes.deep.list[0].n = 2;
  attributes.at.setTime(1);
  attributes.seats.get('a').push(2);
  const { id: _id, occurredAt: _occurredAt, actor, ...rest } = await expectAudit('booking.update');
  expect(actor).toEqual({ type: 'user', id: 'ana', name: 'Ana' });
  expect(rest).toEqual({
    action: 'booking.update',
    targets: before.targets,
    changes: before.changes,
    attributes: { deep: { list: [{ n: 1 }] }, at: '1970-01-01T00:00:00.000Z', seats: { a: [1] } },
  });
});

test('SDK-3 values that JSON does not have become texts that describe them', async () => {
  class Money {
    readonly cents = 12;
  }
  class Decimal {
    toJSON(): string {
      return '1.50';
    }
  }
  const given = {
    date: new Date(0),
    invalid: new Date(Number.NaN),
    big: 12n,
    map: new Map([['a', 1]]),
    set: new Set([1, 2]),
    bytes: Buffer.from('hi'),
    view: new Uint8Array([104, 105]),
    error: new RangeError('too far'),
    url: new URL('https://a.b/c'),
    money: new Money(),
    decimal: new Decimal(),
    pattern: /a+/g,
    boxed: Object('x'),
    query: new URLSearchParams('a=1&a=2&b=3'),
    fn: () => 1,
    symbol: Symbol('s'),
    none: undefined,
    holes: Object.assign([1], { 2: 3, 3: undefined, 4: () => 1 }),
    bare: Object.create(null),
  };
  expect(await attributesOf(given)).toEqual({
    date: '1970-01-01T00:00:00.000Z',
    invalid: null,
    big: '12',
    map: { a: 1 },
    set: [1, 2],
    bytes: 'aGk=',
    view: 'aGk=',
    error: { name: 'RangeError', message: 'too far' },
    url: 'https://a.b/c',
    money: { cents: 12 },
    decimal: '1.50',
    pattern: '/a+/g',
    boxed: 'x',
    query: { a: ['1', '2'], b: '3' },
    holes: [1, null, 3, null, null],
    bare: {},
  });
});

test('SDK-3 a value that cannot be copied is rejected with its path, and nothing is thrown', async () => {
  const { audit, errors, expectNoAudit } = createTestAudit();
  const cycle: Record<string, unknown> = {};
  cycle['self'] = { cycle, again: cycle };
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  let deep: unknown = 'end';
  for (let i = 0; i < 100_000; i++) deep = [deep];
  class Endless {
    *[Symbol.iterator]() {
      for (;;) yield 1;
    }
  }
  const growing = {
    get next(): unknown {
      return { ...Object.getOwnPropertyDescriptors(growing), growing };
    },
  };
  const bad: Record<string, unknown> = {
    getter: {
      get boom(): never {
        throw new Error('no');
      },
    },
    proxy,
    trap: new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('no');
        },
      },
    ),
    cycle,
    deep,
    endless: new Endless(),
    growing,
    json: {
      toJSON() {
        throw new Error('no');
      },
    },
    again: {
      toJSON(): unknown {
        return { ...this };
      },
    },
    long: 'x'.repeat(70_000),
    many: Array.from({ length: 40_000 }, () => 0),
  };
  for (const [name, value] of Object.entries(bad)) {
    expect(
      () => void audit.capture({ action: 'a.b', attributes: { fine: 1, [name]: value } as never }),
    ).not.toThrow();
  }
  await expectNoAudit();
  const fields = (await errors()).map(({ field }) => field ?? '');
  const names = fields.map((field) => /^attributes\.(\w+)/.exec(field)?.[1]);
  expect(new Set(names)).toEqual(new Set(Object.keys(bad)));
  expect(fields).toHaveLength(Object.keys(bad).length);
  expect(fields[0]).toBe('attributes.getter.boom');
});

test('SDK-3 a getter that captures an event itself disturbs neither event', async () => {
  const { audit, expectAudit } = createTestAudit();
  const event = {
    action: 'outer.read',
    attributes: {
      first: 'password=hunter2',
      get second() {
        void audit.capture({ action: 'inner.read', attributes: { token: 'abc', n: [1, 2] } });
        return { token: 'abc', fine: 'yes' };
      },
    },
  };
  void audit.capture(event);
  expect((await expectAudit('inner.read')).attributes).toEqual({ token: '[redacted]', n: [1, 2] });
  expect((await expectAudit('outer.read')).attributes).toEqual({
    first: 'password=[redacted]',
    second: { token: '[redacted]', fine: 'yes' },
  });
});

test('SDK-22 the host adds names, paths, exceptions and rules; a rule that throws drops its field, not the event', async () => {
  const { audit, expectAudit } = createTestAudit({
    redact: {
      names: ['employee_code'],
      allow: ['token'],
      paths: ['attributes.guests.*.passport', 'attributes.notes[1]', 'subject.email'],
      custom(path, value) {
        if (path === 'attributes.broken' || path === 'targets[0].id') throw new Error('a bug of the host');
        if (path === 'attributes.odd') return { not: 'a leaf' };
        return typeof value === 'string' ? value.replace(/\d{5}/g, '#####') : value;
      },
    },
  });
  void audit.capture({
    action: 'stay.create',
    actor: { id: 'u12345' },
    target: { type: 'room', id: '7' },
    subject: { id: 'c1', email: 'ana@example.com' },
    attributes: {
      employeeCode: 'E7',
      token: 'opaque',
      broken: 'x',
      odd: 'y',
      zip: '28001 Madrid',
      seats: 2,
      guests: [
        { name: 'Ana', passport: 'X1' },
        { name: 'Luis', passport: 'X2' },
      ],
      notes: ['first', 'second'],
    },
  });
  const { actor, targets, subject, attributes } = await expectAudit('stay.create');
  expect({ actor, targets, subject, attributes }).toEqual({
    actor: { type: 'user', id: 'u#####' },
    targets: [{ type: 'room', id: '7' }],
    subject: { id: 'c1', email: '[redacted]' },
    attributes: {
      employeeCode: '[redacted]',
      token: 'opaque',
      zip: '##### Madrid',
      seats: 2,
      guests: [
        { name: 'Ana', passport: '[redacted]' },
        { name: 'Luis', passport: '[redacted]' },
      ],
      notes: ['first', '[redacted]'],
    },
  });
});

test('X15 no text of the largest size keeps the call waiting: the search is linear in its length', async () => {
  const { audit, events } = createTestAudit();
  const lengthChars = 50_000;
  const parts = [
    'a1B',
    '=',
    ': ',
    'password=',
    'password:"',
    'password="\\"',
    'password        ',
    '--password ',
    'eyJ',
    'eyJaaaaa.',
    '-----BEGIN RSA PRIVATE KEY-----',
    '-----BEGIN ',
    '4',
    '4111 ',
    'DE89 ',
    'DE893704',
    'a://',
    'http://a:',
    'http://a:b',
    'QUFB',
    'Aa1/',
    '%41',
    '%25',
    '[',
    '<pin>',
    'Basic ',
    'bearer a1',
    'token is ',
    '?sig=a&',
    '\\',
    'password)=(',
    'a-',
    'a.',
    'sk-',
    'Cookie: a\n',
    'пароль ',
    '1a',
    'api key ',
    'AKIA',
    '\n',
    'password: String! = ',
    '{"a":',
    '"b","c":',
    '0 ',
  ];
  const captured = (chars: number): number => {
    const started = performance.now();
    for (const part of parts) {
      const text = part.repeat(Math.ceil(chars / part.length)).slice(0, chars);
      void audit.capture({ action: 'text.hostile', attributes: { text } });
      void audit.capture({ action: 'text.hostile', attributes: { headers: text } as never });
    }
    return performance.now() - started;
  };
  // Both lengths take turns and the best of several rounds counts, so that other work of the machine does not count. A
  // quadratic search would take 16 times as long.
  const rounds = Array.from({ length: 3 }, () => [captured(lengthChars / 4), captured(lengthChars)]);
  const [short = 0, long = Infinity] = [0, 1].map((which) =>
    Math.min(...rounds.map((round) => round[which] ?? NaN)),
  );
  console.log(
    `texts of ${lengthChars} characters take ${(long / short).toFixed(1)} times as long as of a quarter`,
  );
  expect(long).toBeLessThan(short * 10);
  expect((await events()).length).toBeGreaterThan(parts.length);
});
