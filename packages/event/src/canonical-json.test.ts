import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

const vectors = '../shared/data/jcs-rfc8785';

describe('canonical JSON', () => {
  test('equals every published vector of RFC 8785, as text and as bytes', () => {
    if (!existsSync(vectors)) return console.log('skipped: no ../shared/data');
    const names = readdirSync(`${vectors}/input`);
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) {
      const canonical = canonicalJson(JSON.parse(readFileSync(`${vectors}/input/${name}`, 'utf8')));
      expect(canonical).toBe(readFileSync(`${vectors}/output/${name}`, 'utf8'));
      const hex = readFileSync(`${vectors}/outhex/${name.replace('.json', '.txt')}`, 'utf8').replace(
        /\s/g,
        '',
      );
      expect(Buffer.from(canonical).toString('hex')).toBe(hex);
    }
  });

  test('prints numbers as ECMAScript does', () => {
    const numbers = [-0, 1e21, 1e-7, 333333333.3333333, 5e-324, 9007199254740991, 0.1];
    expect(canonicalJson(numbers)).toBe('[0,1e+21,1e-7,333333333.3333333,5e-324,9007199254740991,0.1]');
  });

  test('leaves out undefined members and writes empty containers', () => {
    expect(canonicalJson({ b: undefined, a: {}, c: [] })).toBe('{"a":{},"c":[]}');
    expect(canonicalJson({ a: undefined })).toBe('{}');
  });

  const cycle: unknown[] = [];
  cycle.push(cycle);
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  test.each([
    ['NaN', Number.NaN],
    ['an infinity', [Number.POSITIVE_INFINITY]],
    ['half a surrogate pair', { a: '\ud800' }],
    ['half a surrogate pair in a long text', `${'x'.repeat(60)}\udc00`],
    ['half a surrogate pair in a key', { '\udc00': 1 }],
    ['a BigInt', 1n],
    ['a function', () => 1],
    ['undefined', [undefined]],
    ['a cycle', cycle],
    ['65 levels', nested(65)],
  ])('refuses %s with a typed error', (_, value) => {
    expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'not_canonical' }));
  });

  test('writes 64 levels', () => {
    expect(canonicalJson(nested(64))).toBe('['.repeat(64) + ']'.repeat(64));
  });

  test('is JSON of the same value, whatever the order of its keys', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const canonical = canonicalJson(value);
        expect(JSON.parse(canonical)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reversed(value))).toBe(canonical);
      }),
    );
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  );
}
