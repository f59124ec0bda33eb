import { expect, test } from 'vitest';
import { readRanges, readSequences } from './sequences.ts';

const instance = 'AbCdEfGhIjKlMnOpQrStUv';

test('the numbers of a batch are read as ranges', () => {
  expect(readSequences(`${instance} 1-500,502`, 501)).toEqual({
    instance,
    ranges: [
      [1, 500],
      [502, 502],
    ],
  });
  expect(readSequences(undefined, 3)).toBeUndefined();
  expect(readRanges('')).toEqual([]);
});

test.each([
  '',
  instance,
  `${instance} `,
  `short 1`,
  `${instance} 0`,
  `${instance} 3-1`,
  `${instance} 1,1`,
  `${instance} 5,4`,
  `${instance} 1-2-3`,
  `${instance} x`,
  `${instance} 1,`,
  `${instance} 1-99999999999999999`,
  `${instance} 9007199254740992`,
  `${instance} 1-2`,
  `${instance} ${'1,'.repeat(9_000)}2`,
])('%j is refused, and the message names it', (header) => {
  expect(() => readSequences(header, 1)).toThrow(
    expect.objectContaining({ parameter: 'bitacora-sequences' }),
  );
});
