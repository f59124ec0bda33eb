import { expect, test } from 'vitest';
import { formatDecimal, parseDecimal } from './decimal.ts';
import { RowError } from './row-error.ts';

test.each([
  ['-6.38', '10', 2, '-63.80'],
  ['0', '7', 2, '0.00'],
  ['1.1', '3', 2, '3.30'],
  ['0.1', '0.2', 2, '0.02'],
  ['0.05', '0.1', 2, '0.01'],
  ['-0.05', '0.1', 2, '-0.01'],
  ['-0.04', '0.1', 2, '0.00'],
  ['2.5', '1', 0, '3'],
  ['.5', '3.', 1, '1.5'],
  ['123456789012345678901234567890.12', '2', 2, '246913578024691357802469135780.24'],
])('%s × %s with %i places is %s', (a, b, places, product) => {
  expect(formatDecimal(parseDecimal(a).times(parseDecimal(b)), places)).toBe(product);
});

test('sums are exact', () => {
  expect(formatDecimal(parseDecimal('0.1').plus(parseDecimal('0.22')), 2)).toBe('0.32');
});

test.each(['', '-', '.', '1e3', '1,5', ' 1', 'NaN'])('%j is refused as a decimal', (text) => {
  expect(() => parseDecimal(text)).toThrow(RowError);
});
