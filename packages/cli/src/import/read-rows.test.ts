import { expect, test } from 'vitest';
import { CliError } from '../cli-error.ts';
import { readCsv } from './read-csv.ts';
import { readJson } from './read-json.ts';
import { readNdjson } from './read-ndjson.ts';
import type { ReadRow } from './row.ts';
import { textPieces, type TextPiece } from './text-pieces.ts';

const csv = { delimiter: ',', columns: new Set(['a']) };

test('CSV keeps quotes, line breaks and spaces, in chunks of any size', async () => {
  const text = '\ufeffa,b\n"x, ""y""\nz",  two \r\nñ€😀,\n';
  for (let size = 1; size < 12; size++) {
    const rows = await all(readCsv(pieces(Buffer.from(text), size), csv));
    expect(rows.map((row) => row.ok && row.cells)).toEqual([
      { a: 'x, "y"\nz', b: '  two ' },
      { a: 'ñ€😀', b: '' },
    ]);
  }
});

test('a malformed CSV record is reported with its line, and the rest is read', async () => {
  const rows = await all(readCsv(pieces(Buffer.from('a,b\n1,2\n1,2,3\n4,5\n6\n7,8\n')), csv));
  expect(
    rows.map((row) => [row.ok, row.number, row.line]).sort((x, y) => Number(x[1]) - Number(y[1])),
  ).toEqual([
    [true, 1, 2],
    [false, 2, 3],
    [true, 3, 4],
    [false, 4, 5],
    [true, 5, 6],
  ]);
});

test('a CSV that lacks a column of the map, or has a column twice, is refused', async () => {
  await expect(all(readCsv(pieces(Buffer.from('b,c\n1,2\n')), csv))).rejects.toThrow(CliError);
  await expect(all(readCsv(pieces(Buffer.from('a,a\n1,2\n')), csv))).rejects.toThrow('two columns named a');
});

test('a row that is not UTF-8 is reported, and a replacement character that the file contains is kept', async () => {
  const bytes = Buffer.concat([
    Buffer.from(`a\n\ufffd\n${'x'.repeat(60)}\n`),
    Buffer.from([0xff, 10]),
    Buffer.from('b\n'),
  ]);
  const rows = await all(readCsv(pieces(bytes, 30), csv));
  expect(rows.map((row) => (row.ok ? row.cells['a'] : row.reason))).toEqual([
    '\ufffd',
    'x'.repeat(60),
    'not UTF-8',
    'b',
  ]);
});

test('NDJSON and JSON arrays give the same rows, in chunks of any size', async () => {
  const values = [{ a: 'x,]}"\\' }, { a: [1, { b: '[' }], c: null }, { ü: '😀\n' }];
  const lines = values.map((value) => JSON.stringify(value)).join('\r\n');
  const array = JSON.stringify(values, null, 2);
  for (let size = 1; size < 9; size++) {
    const fromLines = await all(readNdjson(pieces(Buffer.from(lines), size)));
    const fromArray = await all(readJson(pieces(Buffer.from(array), size)));
    expect(fromLines.map((row) => row.ok && row.cells)).toEqual(values);
    expect(fromArray.map((row) => row.ok && row.cells)).toEqual(values);
    expect(fromLines.map(({ line }) => line)).toEqual([1, 2, 3]);
  }
});

test('a malformed JSON row is reported with its line, and the rest is read', async () => {
  const lines = await all(readNdjson(pieces(Buffer.from('{"a":1}\n\n{"a":\n[1]\n{"a":2}'))));
  expect(lines.map(({ ok, line }) => [ok, line])).toEqual([
    [true, 1],
    [false, 3],
    [false, 4],
    [true, 5],
  ]);
  const array = await all(readJson(pieces(Buffer.from('[{"a":1},\n{"a" 1},\n7,{"a":2}]'))));
  expect(array.map(({ ok, line }) => [ok, line])).toEqual([
    [true, 1],
    [false, 2],
    [false, 3],
    [true, 3],
  ]);
  expect(await all(readJson(pieces(Buffer.from(' [ ] '))))).toEqual([]);
});

test.each(['{"a":1}', '[{"a":1}', '[] []', '[{"a":"x]'])('%s is refused as a JSON array', async (text) => {
  await expect(all(readJson(pieces(Buffer.from(text))))).rejects.toThrow(CliError);
});

async function all(rows: AsyncIterable<ReadRow>): Promise<ReadRow[]> {
  const found: ReadRow[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

function pieces(bytes: Buffer, size = 1_000): AsyncIterable<TextPiece> {
  return textPieces(
    (async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    })(),
  );
}
