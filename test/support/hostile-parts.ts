/** Values that are not JSON. */
export const malformedValues: readonly string[] = [
  'NaN',
  'Infinity',
  '-Infinity',
  'undefined',
  'nul',
  'True',
  'None',
  'tru e',
  "'single'",
  '01',
  '+1',
  '.5',
  '1.',
  '1e',
  '1e+',
  '-',
  '--1',
  '0x10',
  '1_000',
  '"open',
  '"\\x41"',
  '"\\u12G4"',
  '"\\u12"',
  '"\\"',
  '"a\u0001b"',
  '"a\tb"',
  '"a\u001fb"',
  '[1,]',
  '[,1]',
  '[1 2]',
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{a:1}',
  '{1:1}',
  '{"a" 1}',
  '{"a":1 "b":2}',
  '{,}',
  '[',
  '{',
  ']',
  '}',
  '/* c */ 1',
  '1 // c',
  '\u00A01',
  '\uFEFF1',
  '1;',
  '(1)',
  '#',
  '"a" "b"',
];

const uuidV4 = '01234567-89ab-4def-8123-456789abcdef';
const base = { action: 'a.b', actor: { id: 'x' } };
const text = (value: unknown): string => JSON.stringify(value);

/** JSON that is not an event, with the fields that are wrong. */
export const wrongEvents: readonly { text: string; fields: readonly string[] }[] = [
  ...['5', '"text"', 'true', 'null', '[]', '[[]]'].map((text) => ({ text, fields: [''] })),
  ...wrongTypes(),
  ...wrongValues(),
  ...wrongWholes(),
  ...wrongSpellings(),
];

function wrongTypes(): { text: string; fields: string[] }[] {
  const texts = [
    'action',
    'module',
    'description',
    'reason',
    'sessionId',
    'correlationId',
    'traceId',
    'spanId',
    'occurredAt',
    'id',
    'operation',
    'outcome',
    'level',
  ];
  const objects = [
    'actor',
    'target',
    'subject',
    'error',
    'amount',
    'client',
    'request',
    'context',
    'attributes',
  ];
  const nested = [
    'actor.id',
    'actor.name',
    'actor.email',
    'actor.type',
    'target.id',
    'target.type',
    'subject.id',
    'error.code',
    'error.message',
    'amount.value',
    'amount.currency',
    'client.ip',
    'client.userAgent',
    'request.method',
    'request.url',
  ];
  const wrong = (fields: readonly string[], values: readonly unknown[]) =>
    fields.flatMap((field) =>
      values.map((value) => ({ text: text(withValue(field, value)), fields: [field.split('.')[0] ?? ''] })),
    );
  return [
    ...wrong(texts, [5, true, [], {}, ['a.b']]),
    ...wrong(objects, [5, 'text', true, [], [1]]),
    ...wrong(nested, [5, false, [], {}]),
    ...wrong(['targets', 'tags', 'changes'], [5, 'text', {}, [5], [[]], ['', null]]),
    ...wrong(['durationMs', 'request.status'], ['5', true, {}, -1]),
    ...wrong(['sensitive', 'reviewRequired'], [0, 'true', []]),
  ];
}

function withValue(field: string, value: unknown): Record<string, unknown> {
  const [outer = '', inner] = field.split('.');
  if (inner === undefined) return { ...base, [outer]: value };
  const beside: Record<string, object> = {
    actor: { id: 'x' },
    target: { type: 't', id: 'i' },
    amount: { value: '1', currency: 'EUR' },
  };
  return { ...base, [outer]: { ...beside[outer], [inner]: value } };
}

function wrongValues(): { text: string; fields: string[] }[] {
  const wrong: [string, unknown[]][] = [
    ['action', ['', 'two words', 'tab\tbed', 'x'.repeat(201), null]],
    [
      'actor',
      [
        null,
        {},
        { id: '' },
        { id: null },
        { id: 'x'.repeat(513) },
        { name: 'no id' },
        { id: 'x', colour: 'red' },
        { id: 'x', type: 'alien' },
      ],
    ],
    ['id', ['', 'not-a-uuid', uuidV4, '01234567-89ab-7def-c123-456789abcdef', `${uuidV4}0`]],
    [
      'occurredAt',
      [
        '',
        'yesterday',
        '2026-02-30T00:00:00Z',
        '2026-01-01',
        '2026-01-01T25:00:00Z',
        '2026-01-01T00:00:00',
        '0000-01-01T00:00:00Z',
        '1/3/2026',
        '10000-01-01T00:00:00Z',
      ],
    ],
    ['operation', ['READ', '', 'drop']],
    ['outcome', ['ok', 'Success']],
    ['level', ['5', 'urgent']],
    [
      'targets',
      [[{ id: 'no type' }], [{ type: 'no id' }], Array.from({ length: 51 }, () => ({ type: 't', id: 'i' }))],
    ],
    ['tags', [[''], Array.from({ length: 51 }, () => 'tag'), ['x'.repeat(201)]]],
    [
      'changes',
      [[{}], [{ path: '' }], [{ path: 'p', extra: 1 }], Array.from({ length: 501 }, () => ({ path: 'p' }))],
    ],
    [
      'amount',
      [
        { value: '1,5', currency: 'EUR' },
        { value: '1', currency: 'eur' },
        { value: '1' },
        { value: '1e5', currency: 'EUR' },
      ],
    ],
    ['client', [{ ip: '999.1.1.1' }, { ip: 'localhost' }, { ip: '::g' }]],
    ['request', [{ status: 42 }, { status: 200.5 }, { method: 'GET /' }]],
    ['traceId', ['xyz', '0'.repeat(31)]],
    ['durationMs', [-1]],
    ['colour', ['red']],
    ['target', ['wrong']],
  ];
  const listed = wrong.flatMap(([field, values]) =>
    values.map((value) => ({ text: text({ ...base, [field]: value }), fields: [field] })),
  );
  return [
    ...listed,
    { text: text({ ...base, target: { type: 't', id: '1' }, targets: [] }), fields: ['target'] },
    { text: '{"action":"a.b"}', fields: ['actor'] },
    { text: '{"actor":{"id":"x"}}', fields: ['action'] },
  ];
}

function wrongWholes(): { text: string; fields: string[] }[] {
  const keys = Object.fromEntries(Array.from({ length: 1_001 }, (_, number) => [`k${number}`, 1]));
  const deep = (levels: number): string =>
    `{"action":"a.b","actor":{"id":"x"},"attributes":{"v":${'['.repeat(levels)}${']'.repeat(levels)}}}`;
  const objects = `{"action":"a.b","actor":{"id":"x"},"attributes":${'{"a":'.repeat(500)}1${'}'.repeat(500)}}`;
  return [
    ...[31, 40, 1_000, 20_000].map(deep).map((text) => ({ text, fields: ['attributes', ''] })),
    { text: objects, fields: ['attributes', ''] },
    { text: text({ ...base, attributes: keys }), fields: ['attributes', ''] },
    { text: text({ ...base, description: 'x'.repeat(62_000) }), fields: ['description', ''] },
    { text: text({ ...base, attributes: { ['k'.repeat(62_000)]: 1 } }), fields: ['attributes', ''] },
  ];
}

/** JSON that is wrong only as text; JSON.parse accepts most of it. */
function wrongSpellings(): { text: string; fields: string[] }[] {
  const inAttributes = [
    '"v":1,"v":2',
    '"a":{"b":1,"b":1}',
    '"v":1,"\\u0076":2',
    '"__proto__":{"admin":true}',
    '"constructor":1',
    '"prototype":{}',
    '"a":{"__proto__":null}',
    '"\\u005f_proto__":1',
    '"v":"\\ud800"',
    '"v":"\\udc00\\ud800"',
    '"v":"a\\ud83d"',
    '"\\udfff":1',
    '"v":"\\u0000"',
    '"a\\u0000b":1',
    '"v":1e400',
    '"v":-1e400',
    '"v":9007199254740993',
    '"v":123456789012345678901234567890',
    '"v":1e-400',
  ].map((members) => ({
    text: `{"action":"a.b","actor":{"id":"x"},"attributes":{${members}}}`,
    fields: ['attributes'],
  }));
  return [
    ...inAttributes,
    { text: '{"action":"a.b","action":"c.d","actor":{"id":"x"}}', fields: ['action'] },
    { text: '{"__proto__":{"id":"x"},"action":"a.b","actor":{"id":"x"}}', fields: ['__proto__'] },
    { text: '{"action":"a.b","actor":{"id":"x\\u0000"}}', fields: ['actor'] },
    { text: '{"action":"a.b\\ud800","actor":{"id":"x"}}', fields: ['action'] },
    { text: '{"action":"a.b","actor":{"id":"x"},"durationMs":1e999}', fields: ['durationMs'] },
  ];
}
