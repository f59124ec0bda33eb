import { finished } from 'node:stream/promises';
import { parse, type CsvError } from 'csv-parse';
import { CliError } from '../cli-error.ts';
import type { Cells, ReadRow } from './row.ts';
import type { TextPiece } from './text-pieces.ts';

const rowLengthMaxChars = 1_000_000;

/**
 * The rows of a CSV (RFC 4180) whose first record names the columns. A record that does not fit the header is reported as a
 * failed row. Throws `CliError` for a header that names a column twice, or lacks one of `columns`.
 */
export async function* readCsv(
  pieces: AsyncIterable<TextPiece>,
  options: { readonly delimiter: string; readonly columns: ReadonlySet<string> },
): AsyncGenerator<ReadRow, void> {
  let number = 0;
  let damaged = false;
  let rows: ReadRow[] = [];
  const parser = parse({
    delimiter: options.delimiter,
    record_delimiter: ['\r\n', '\n'],
    columns: (header: string[]) => checkedHeader(header, options.columns),
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: rowLengthMaxChars,
    on_skip: (error: CsvError | undefined) => {
      const reason = error?.message ?? 'malformed record';
      rows.push({ ok: false, number: ++number, line: lineOf(error), reason });
      return undefined;
    },
    // Rows are taken here and not from the parser's output, so that a write is parsed at once, while `damaged` is right
    // for it.
    on_record: (cells: Cells, { lines }) => {
      rows.push(rowOf(cells, { number: ++number, line: lines, damaged }));
      return null;
    },
  });
  // Errors are read from `errored`, because they occur while nothing waits for the stream.
  parser.on('error', () => undefined).resume();
  for await (const piece of pieces) {
    damaged = piece.damaged;
    parser.write(piece.text);
    if (parser.errored !== null) throw parser.errored;
    yield* rows;
    rows = [];
  }
  parser.end();
  await finished(parser);
  yield* rows;
}

function rowOf(
  cells: Cells,
  { number, line, damaged }: { readonly number: number; readonly line: number; readonly damaged: boolean },
): ReadRow {
  if (damaged && Object.values(cells).some((cell) => typeof cell === 'string' && cell.includes('\ufffd'))) {
    return { ok: false, number, line, reason: 'not UTF-8' };
  }
  return { ok: true, number, line, cells };
}

function checkedHeader(header: readonly string[], needed: ReadonlySet<string>): string[] {
  const twice = header.find((name, i) => header.indexOf(name) !== i);
  if (twice !== undefined) throw new CliError(`the file has two columns named ${twice}`);
  const missing = [...needed].find((name) => !header.includes(name));
  if (missing !== undefined) {
    throw new CliError(`the file has no column ${missing}, which the map uses; it has ${header.join(', ')}`);
  }
  if (header.includes('__proto__')) throw new CliError('a column named __proto__ cannot be imported');
  return [...header];
}

function lineOf(error: CsvError | undefined): number {
  return error !== undefined && 'lines' in error && typeof error['lines'] === 'number' ? error['lines'] : 0;
}
