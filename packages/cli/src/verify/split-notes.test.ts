import { expect, test } from 'vitest';
import { splitNotes } from './split-notes.ts';

const note = (size: number): string => `a/b\n${size}\nAAAA\n\n— a/b c2ln\n— w/x c2ln\n`;

test('notes are read one after the other, with one or more blank lines between them', () => {
  expect(splitNotes(note(1))).toEqual([note(1)]);
  expect(splitNotes(`${note(1)}\n${note(2)}\n\n\n${note(3)}`)).toEqual([note(1), note(2), note(3)]);
  expect(splitNotes(`\r\n${note(1).replaceAll('\n', '\r\n')}`)).toEqual([note(1)]);
});

test('a last note that was cut off is left out, and so is text that is not a note', () => {
  expect(splitNotes(`${note(1)}\na/b\n2\nAA`)).toEqual([note(1)]);
  expect(splitNotes(`${note(1)}\na/b\n2\nAAAA\n\n`)).toEqual([note(1)]);
  expect(splitNotes(`a/b\n2\nAA\n\n${note(2)}`)).toEqual([note(2)]);
  expect(splitNotes('hello')).toEqual([]);
});
