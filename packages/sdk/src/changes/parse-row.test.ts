import { expect, test } from 'vitest';
import { parseRow, withSafeNumbers } from './parse-row.ts';

test('numbers of exact columns are texts, the others numbers unless a double would alter them', () => {
  const json = `{"price":1.50,"big":[9007199254740993,-1],"n":3,"ratio":0.30000000000000004,"doc":{"a":12345678901234567890,"b":1.50,"c":"1.50","d":1e400},"e":"a \\"1\\" 2","f":null,"g":true}`;
  expect(parseRow(json, new Set(['price', 'big']))).toEqual({
    price: '1.50',
    big: ['9007199254740993', '-1'],
    n: 3,
    ratio: 0.30000000000000004,
    doc: { a: '12345678901234567890', b: 1.5, c: '1.50', d: '1e400' },
    e: 'a "1" 2',
    f: null,
    g: true,
  });
});

test('JSON text keeps safe numbers, and quotes the others', () => {
  expect(withSafeNumbers('{"a":[1,-0.5,1e-400,9007199254740993],"b":"9007199254740993"}')).toBe(
    '{"a":[1,-0.5,"1e-400","9007199254740993"],"b":"9007199254740993"}',
  );
});
