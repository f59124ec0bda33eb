import { expect, test } from 'vitest';
import { csvLine } from './csv-line.ts';

test.each([
  ['=1+1', `'=1+1`],
  ['+1', `'+1`],
  ['-1', `'-1`],
  ['@SUM(A1)', `'@SUM(A1)`],
  ['  =1', `'  =1`],
  ['\u00a0=1', `'\u00a0=1`],
  ['\u200b=1', `'\u200b=1`],
  ['\ufeff=1', `'\ufeff=1`],
  ['＝1', `'＝1`],
  ['＠x', `'＠x`],
  ['one\n=2', `"one\n'=2"`],
  ['one\r\n=2', `"one\r\n'=2"`],
])('the text %j, which a spreadsheet would run as a formula, is shown as text', (text, shown) => {
  expect(csvLine([text])).toBe(`${shown}\r\n`);
});

test('numbers and flags stay as they are, quotation marks are doubled, and an absent value is empty', () => {
  expect(csvLine([1, -2.5, true, null, 'a,"b"', 'x=1', { a: '=1' }])).toBe(
    '1,-2.5,true,,"a,""b""",x=1,"{""a"":""=1""}"\r\n',
  );
});
