import { describe, expect, test } from 'vitest';
import { parseJson } from './parse-json.ts';

describe('parseJson', () => {
  test.each([
    ['{"\\\\":1}', '{"\\"":1}'],
    ['{"":1,"\\\\":1}', '{"":1,"\\"":1}'],
    ['{"a\\\\":1}', '{"a\\"":1}'],
    ['{"\\\\n":1}', '{"\\n\\n":1}'],
    ['{"支":{"\\\\":1}}', '{"支":{"\\"":[1,{"\\t":-2.5e-7}],"x":"\\"}{,:"}}'],
  ])('after %s it reads %s as it is', (before, text) => {
    for (let time = 0; time < 5; time++) JSON.parse(before);
    expect(JSON.stringify(parseJson(text))).toBe(text);
  });

  test('keeps what JSON.parse gives for everything else', () => {
    const texts = [
      '{"\\u0061":[],"b":{}, "\\u0061" : [ 1 , "\\"" ]}',
      '[]',
      ' "\\"" ',
      '{"a":"\\":"}',
      '{"\\/":null,"t":[true,false]}',
    ];
    for (const text of texts) expect(parseJson(text)).toEqual(JSON.parse(text));
    expect(Object.keys(parseJson('{"\\u005f_proto__":{"x":1}}') ?? {})).toEqual(['__proto__']);
    expect(() => parseJson('{"\\"":}')).toThrow(SyntaxError);
  });
});
