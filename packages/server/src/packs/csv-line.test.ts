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
  ['a;@SUM(1)', `"a;'@SUM(1)"`],
  ['x\t=1+1', `"x\t'=1+1"`],
  ['a;"=1"', `"a;'""=1"""`],
  ['\t=1', `"'\t'=1"`],
])('the text %j, which a spreadsheet would run as a formula, is shown as text', (text, shown) => {
  expect(csvLine([text])).toBe(`${shown}\r\n`);
});

test('numbers and flags stay as they are, quotation marks are doubled, and an absent value is empty', () => {
  expect(csvLine([1, -2.5, true, null, 'a,"b"', 'x=1', { a: '=1' }])).toBe(
    '1,-2.5,true,,"a,""b""",x=1,"{""a"":""=1""}"\r\n',
  );
});

test.each([',', ';', '\t'])(
  'X2 no cell begins a formula when a spreadsheet takes %j for the border between cells',
  (delimiter) => {
    const starts = ['=', '+', '-', '@', '＝', ' =', '\t=', '"=', '"";=', '\u200b@'];
    const texts = starts.flatMap((start) =>
      ['', 'a;', 'a\t', 'a,', 'a\n', 'a\r', 'a;;', ';', '\t', '"', '";', 'a"\t'].map(
        (before) => `${before}${start}SUM(1)`,
      ),
    );
    const formulas = texts.flatMap((text) =>
      [csvLine(['first', text, 'last']), csvLine([text, 'last'])].flatMap((line) =>
        cellsOf(line, delimiter).filter((cell) => /^[\s\u200b"]*[=+\-@＝]/.test(cell)),
      ),
    );
    expect(formulas).toEqual([]);
  },
);

/** As a spreadsheet reads it: quotation marks count at the beginning of a cell only. */
function cellsOf(line: string, delimiter: string): string[] {
  const cells: string[] = [];
  let rest = line;
  while (rest !== '') {
    const quoted = /^"((?:[^"]|"")*)"/.exec(rest);
    const opened = quoted ? rest.slice(quoted[0].length) : rest;
    const end = [...opened].findIndex((char) => char === delimiter || char === '\r' || char === '\n');
    const plain = [...opened].slice(0, end === -1 ? undefined : end).join('');
    cells.push((quoted?.[1] ?? '').replaceAll('""', '"') + plain);
    rest = end === -1 ? '' : [...opened].slice(end + 1).join('');
  }
  return cells;
}
