import { CliError } from '../cli-error.ts';
import { jsonRow } from './json-row.ts';
import type { ReadRow } from './row.ts';
import type { TextPiece } from './text-pieces.ts';

const lineLengthMaxChars = 1_000_000;

/**
 * The rows of a file with one JSON object per line; empty lines are skipped. Throws `CliError` for a line that is too
 * long.
 */
export async function* readNdjson(pieces: AsyncIterable<TextPiece>): AsyncGenerator<ReadRow, void> {
  let rest = '';
  let line = 0;
  let number = 0;
  let damaged = false;
  const rowOf = (text: string): ReadRow | undefined => {
    line += 1;
    return text.trim() === '' ? undefined : jsonRow(text, { number: ++number, line, damaged });
  };
  for await (const piece of pieces) {
    damaged = piece.damaged;
    const lines = (rest + piece.text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineLengthMaxChars) throw new CliError(`line ${line + lines.length + 1} is too long`);
    for (const text of lines) {
      const row = rowOf(text);
      if (row !== undefined) yield row;
    }
  }
  const last = rest === '' ? undefined : rowOf(rest);
  if (last !== undefined) yield last;
}
