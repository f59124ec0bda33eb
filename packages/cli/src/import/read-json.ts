import { CliError } from '../cli-error.ts';
import { jsonRow } from './json-row.ts';
import type { ReadRow } from './row.ts';
import type { TextPiece } from './text-pieces.ts';

const rowLengthMaxChars = 1_000_000;

/**
 * The elements of one JSON array, without holding the array in memory: a scanner only looks for the ends of elements. Throws
 * `CliError` when the file is not an array, ends early, or an element does not end. A malformed element is reported as a
 * failed row.
 */
export async function* readJson(pieces: AsyncIterable<TextPiece>): AsyncGenerator<ReadRow, void> {
  const scanner = createArrayScanner();
  let number = 0;
  for await (const { text, damaged } of pieces) {
    for (const element of scanner.read(text))
      yield jsonRow(element.text, { number: ++number, line: element.line, damaged });
  }
  if (!scanner.ended()) throw new CliError('the JSON array does not end');
}

interface ArrayElement {
  readonly text: string;
  readonly line: number;
}

function createArrayScanner(): { read(text: string): Generator<ArrayElement>; ended(): boolean } {
  let place: 'before' | 'within' | 'after' = 'before';
  let depth = 0;
  let inString = false;
  let escaped = false;
  let line = 1;
  let element = '';

  function* read(text: string): Generator<ArrayElement> {
    let start = 0;
    const taken = (end: number): string => (element + text.slice(start, end)).trim();
    for (let i = 0; i < text.length; i++) {
      const char = text.charAt(i);
      if (char === '\n') line += 1;
      if (inString) {
        if (escaped) escaped = false;
        else if (char === '\\') escaped = true;
        else if (char === '"') inString = false;
      } else if (place !== 'within') {
        place = between(place, char, line);
        start = i + 1;
      } else if (char === '"') inString = true;
      else if (char === '{' || char === '[') depth += 1;
      else if (depth > 0 && (char === '}' || char === ']')) depth -= 1;
      else if (depth === 0 && (char === ',' || char === ']')) {
        const elementText = taken(i);
        // An array without any text between its brackets is empty.
        if (elementText !== '' || char === ',') yield { text: elementText, line };
        element = '';
        start = i + 1;
        if (char === ']') place = 'after';
      }
    }
    element = place === 'within' ? element + text.slice(start) : '';
    if (element.length > rowLengthMaxChars) throw new CliError(`line ${line}: an element is too long`);
  }

  return { read, ended: () => place === 'after' };
}

function between(place: 'before' | 'after', char: string, line: number): 'before' | 'within' | 'after' {
  if (/\s/.test(char)) return place;
  if (place === 'before' && char === '[') return 'within';
  throw new CliError(`line ${line}: ${place === 'before' ? 'not a JSON array' : 'text after the array'}`);
}
