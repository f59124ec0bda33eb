import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { carriedIds, idsOf, titlesOf } from './test-titles.ts';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/requirements.md', root), 'utf8');
const mark = '_(in no title yet)_';
const lines = explainedIn(page);
const carried = carriedIds();

test('every ID in front of a test title has a line in docs/requirements.md', () => {
  expect(carried.length).toBeGreaterThan(300);
  const explained = new Set(lines.map(({ id }) => id));
  expect(carried.filter(({ id }) => !explained.has(id))).toEqual([]);
});

test('no ID has two lines', () => {
  const ids = lines.map(({ id }) => id);
  expect(ids.filter((id, place) => ids.indexOf(id) !== place)).toEqual([]);
});

test('no line is empty, and the needs of the organisations and of the core are all there', () => {
  expect(lines.filter(({ text }) => text.replace(mark, '').trim().length < 20)).toEqual([]);
  const rows = { A: 12, B: 9, C: 13, D: 13, E: 8, F: 13 };
  const wanted = Object.entries(rows).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, n) => `${letter}-${String(n + 1).padStart(2, '0')}`),
  );
  const explained = new Set(lines.map(({ id }) => id));
  expect(wanted.filter((id) => !explained.has(id))).toEqual([]);
});

test('a line is marked exactly when no test title, or for a speed no bench, carries its ID', () => {
  const benches = readdirSync(new URL('bench/', root)).map((name) =>
    /^s\d+(?=-)/.exec(name)?.[0].toUpperCase(),
  );
  const shown = new Set([...carried.map(({ id }) => id), ...benches]);
  const wrong = lines.filter(({ id, text }) => text.includes(mark) === shown.has(id));
  expect(
    wrong.map(
      ({ id, text }) => `${id} ${text.includes(mark) ? 'is carried: remove' : 'is not carried: add'} ${mark}`,
    ),
  ).toEqual([]);
});

test('an ID is read in front of a title of any form, and nowhere else', () => {
  const titles = titlesOf(`
    describe('X8 F-09 one', () => {
      test.skipIf(process.env['CI'])(\`C-11 \${count} of two\`, () => call('A-01 no title'));
      it.each([['SDK-3', 'a']])('A1, A2: %s', () => undefined);
    });
  `);
  expect(titles).toEqual(['X8 F-09 one', 'C-11 … of two', 'A1, A2: %s']);
  expect(titles.map(idsOf)).toEqual([['X8', 'F-09'], ['C-11'], ['A1', 'A2']]);
  const byValue = titlesOf(`const point = 'SDK-32 '; test.each([point])('%sa page', () => 'SDK-33');`);
  expect(byValue.flatMap(idsOf)).toEqual(['SDK-32']);
  expect(['UTF-8texts', 'RFC 6962 F1', 'a F1', 'F1', 'C2SP notes'].flatMap(idsOf)).toEqual([]);
});

test('a second line for an ID is reported, and so is a line without words', () => {
  const [first, second] = explainedIn('| ID | Means |\n| --- | --- |\n| A1  | One. |\n\n| A1 | |\n');
  expect([first, second]).toEqual([
    { id: 'A1', text: 'One.' },
    { id: 'A1', text: '' },
  ]);
});

/** The rows of the page's tables that begin with an ID. */
function explainedIn(markdown: string): { id: string; text: string }[] {
  return [...markdown.matchAll(/^\| *([A-Z]+-?\d+) *\|(.*)\|$/gm)].map(([, id = '', text = '']) => ({
    id,
    text: text.trim(),
  }));
}
