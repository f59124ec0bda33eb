import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { readEvents } from './read-events.ts';
import { utf8Length } from './utf8-length.ts';

type Format = 'json' | 'ndjson';
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

function outcomes(text: string, format: Format = 'json'): unknown[] {
  const reading = readEvents(text, format);
  if (!reading.ok) return ['document', reading.rejection.code, reading.rejection.position];
  return reading.events.map((read) => (read.ok ? read.value : [read.rejection.code, read.rejection.field]));
}

describe('reading a JSON document', () => {
  test('reads one value, an array and an empty array, with white space anywhere', () => {
    expect(outcomes('{"a":1}')).toEqual([{ a: 1 }]);
    expect(outcomes(' [ {"a":[1,"]"]} , "x", true ,-1.5e3, null ] \n')).toEqual([
      { a: [1, ']'] },
      'x',
      true,
      -1500,
      null,
    ]);
    expect(outcomes('[]')).toEqual([]);
    expect(outcomes('\ufeff{"a":1}')).toEqual([{ a: 1 }]);
  });

  test('gives each element its own piece of the text', () => {
    const reading = readEvents('[{"a": 1} ,{"b":"\\u00e9"}]', 'json');
    expect(reading.ok && reading.events.map((read) => read.ok && read.source)).toEqual([
      '{"a": 1}',
      '{"b":"\\u00e9"}',
    ]);
  });

  test.each([
    ['', 0],
    ['{"a":1', 6],
    ['[{"a":1},]', 9],
    ['[{"a":1} {"b":2}]', 9],
    ['{"ñ":"é",}', 11],
    ['{"a":01}', 6],
    ['[{"a":"\u0001"}]', 7],
    ['[{"a":"\\x"}]', 7],
    ['{"a":1}}', 7],
    ['{"a":1}]', 7],
    ['[{"a":]}]', 6],
    ['nul', 0],
    ['[1,2', 4],
    [':5', 0],
    ['{"a" 1}', 5],
    ['"abc', 4],
    ["{'a':1}", 1],
  ])('refuses %j as a whole and names byte %i', (text, position) => {
    expect(outcomes(text)).toEqual(['document', 'malformed_json', position]);
  });

  test('refuses only the element that is too deep, too large or has too many keys', () => {
    const large = JSON.stringify({ a: 'ñ'.repeat(limits.eventSizeMaxBytes / 2) });
    const keys = JSON.stringify(Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`k${i}`, i])));
    expect(outcomes(`[1,${nested(33)},${large},${keys},2]`)).toEqual([
      1,
      ['too_deep', ''],
      ['too_large', ''],
      ['too_many_keys', ''],
      2,
    ]);
  });

  test('accepts a document that is just within the limits', () => {
    const padding = 'é'.repeat((limits.eventSizeMaxBytes - 8) / 2);
    const largest = `{"a":"${padding}"}`;
    expect(utf8Length(largest)).toBe(limits.eventSizeMaxBytes);
    expect(outcomes(largest)).toEqual([{ a: padding }]);
    expect(outcomes(`${largest.slice(0, -2)}x"}`)).toEqual([['too_large', '']]);
    expect(outcomes(`[${nested(32)}]`)).toEqual([JSON.parse(nested(32))]);
  });

  test('refuses a document of a million brackets without recursion', () => {
    expect(outcomes(`[${nested(30_000)},${nested(1_000_000)}]`)).toEqual([
      ['too_deep', ''],
      ['too_large', ''],
    ]);
    expect(outcomes('['.repeat(1_000_000))).toEqual(['document', 'malformed_json', 1_000_000]);
    expect(outcomes(`${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`)).toEqual([['too_large', '']]);
  });

  test('refuses more events than a request may have', () => {
    expect(outcomes(`[${'1,'.repeat(limits.eventsPerRequestMax)}1]`)).toEqual([
      'document',
      'too_many_events',
      undefined,
    ]);
    expect(readEvents('[1,2]', 'json', { eventsMax: 1 }).ok).toBe(false);
  });

  test.each([
    ['{"a":{"b":1,"b":2}}', 'duplicate_key', 'a.b'],
    ['{"a":1,"\\u0061":2}', 'duplicate_key', 'a'],
    ['{"a":[{"__proto__":1}]}', 'forbidden_key', 'a[0].__proto__'],
    ['{"\\u005f_proto__":1}', 'forbidden_key', '__proto__'],
    ['{"x":{"constructor":{}}}', 'forbidden_key', 'x.constructor'],
    ['{"prototype":1}', 'forbidden_key', 'prototype'],
    ['{"a":"\\ud800"}', 'lone_surrogate', 'a'],
    ['{"a":"\\uDC00x"}', 'lone_surrogate', 'a'],
    ['{"a":"\ud800"}', 'lone_surrogate', 'a'],
    ['{"a":["\\u0000"]}', 'nul_character', 'a[0]'],
    ['{"a":{"b\\u0000":1}}', 'nul_character', 'a["b\\u0000"]'],
    ['{"a":9007199254740993}', 'unsafe_number', 'a'],
    ['{"a":-9007199254740992}', 'unsafe_number', 'a'],
    ['{"a":[1,1e400]}', 'unsafe_number', 'a[1]'],
    ['{"a":9e99}', 'unsafe_number', 'a'],
    ['{"a":1e-400}', 'unsafe_number', 'a'],
  ])('refuses %j: %s at %s', (text, code, field) => {
    expect(outcomes(`[0,${text}]`)).toEqual([0, [code, field]]);
  });

  test('accepts documents that only look like an attack', () => {
    const text =
      '{"a":"__proto__","b":"constructor","c":"\\ud83d\\ude00","d":0.1000000000000000055511,"e":9007199254740991,"f":0e5,"g":"\\u00e9\\u0041"}';
    expect(outcomes(text)).toEqual([JSON.parse(text)]);
  });

  test('names the byte at which a refused event or value begins', () => {
    const reading = readEvents('[{"é":1}, {"ñ":"\\ud800"}]', 'json');
    const refused = reading.ok ? reading.events[1] : undefined;
    expect(refused).toMatchObject({ ok: false, rejection: { position: 17, field: '["ñ"]' } });
  });

  test('agrees with JSON.parse on whether a text is JSON', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"a"',
      '"',
      '\\',
      '1',
      '-',
      '.5',
      'e3',
      'true',
      ' ',
      'x',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const reading = readEvents(text, 'json');
        expect(reading.ok).toBe(isJson(text));
      }),
      { numRuns: 20_000 },
    );
  });

  test('reads every JSON value as JSON.parse does', () => {
    const plain = fc
      .jsonValue({ maxDepth: 5 })
      .filter((value) => !JSON.stringify(value).includes('__proto__'));
    fc.assert(
      fc.property(fc.array(plain), fc.constantFrom(undefined, 2), (values, indent) => {
        const read = outcomes(JSON.stringify(values, null, indent));
        const expected: unknown[] = JSON.parse(JSON.stringify(values));
        for (const [i, value] of expected.entries()) {
          if (!isRefused(read[i])) expect(read[i]).toEqual(value);
        }
        expect(read.length).toBe(expected.length);
      }),
    );
  });
});

describe('reading NDJSON', () => {
  test('ignores blank lines, accepts CRLF, a byte order mark and no final newline', () => {
    expect(outcomes('\ufeff{"a":1}\r\n\r\n  \n{"b":2}\n3', 'ndjson')).toEqual([{ a: 1 }, { b: 2 }, 3]);
    expect(outcomes('', 'ndjson')).toEqual([]);
  });

  test('refuses a malformed line alone and names its byte in the whole text', () => {
    const reading = readEvents('{"é":1}\n{"b":}\n{"c":3}\n[1}\n{"d":4} x\n{"e":5}', 'ndjson');
    expect(
      reading.ok && reading.events.map((read) => (read.ok ? read.value : read.rejection.position)),
    ).toEqual([{ é: 1 }, 14, { c: 3 }, 26, 36, { e: 5 }]);
  });

  test('reads an array on a line as one value', () => {
    expect(outcomes('[1,2]\n{"a":1}', 'ndjson')).toEqual([[1, 2], { a: 1 }]);
  });

  test('refuses a deep line alone', () => {
    expect(outcomes(`${nested(40)}\n1`, 'ndjson')).toEqual([['too_deep', ''], 1]);
  });

  test('stays linear when every line is malformed', () => {
    const started = performance.now();
    const reading = readEvents('{"ñ\n'.repeat(200_000), 'ndjson', { eventsMax: 1_000_000 });
    expect(reading.ok && reading.events.length).toBe(200_000);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isRefused(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    ['unsafe_number', 'nul_character', 'lone_surrogate', 'forbidden_key'].includes(String(value[0]))
  );
}
