import { expect, test } from 'vitest';
import { CliError } from '../cli-error.ts';
import { readRetention } from './read-retention.ts';

const purge = (firstIndex: number, endIndex: number): object => ({ firstIndex, endIndex });
const stated = (minimumIndex: number, ...purges: object[]): string =>
  JSON.stringify({ minimumIndex, purges });

test.each([
  ['nothing stated', undefined, 0, 0],
  ['nothing purged', stated(0), 0, 0],
  ['two purges', stated(30, purge(0, 10), purge(10, 30)), 30, 30],
  ['a gap between purges', stated(30, purge(0, 10), purge(20, 30)), 30, 10],
  ['no purge at all', stated(30), 30, 0],
  ['a purge that does not begin at the start', stated(30, purge(1, 30)), 30, 0],
])('%s', (_, text, minimumIndex, purgedBelow) => {
  expect(readRetention(text)).toEqual({ minimumIndex, purgedBelow });
});

test.each(['', '7', '{}', '{"minimumIndex":-1,"purges":[]}', '{"minimumIndex":1}'])(
  '%j is refused, because it is not a statement of retention',
  (text) => expect(() => readRetention(text)).toThrow(CliError),
);
