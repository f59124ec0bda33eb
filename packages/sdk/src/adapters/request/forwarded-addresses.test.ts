import { expect, test } from 'vitest';
import { addressIn, forwardedAddresses } from './forwarded-addresses.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  [' 192.0.2.7:4711 ', '192.0.2.7'],
  ['2001:db8::7', '2001:db8::7'],
  ['[2001:db8::7]:443', '2001:db8::7'],
  ['"[2001:db8::7]"', '2001:db8::7'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['unknown', undefined],
  ['_hidden', undefined],
  ['192.0.2.256', undefined],
  ['192.0.2.7:port', undefined],
  ['', undefined],
])('of %j the address is %j', (text, address) => expect(addressIn(text)).toBe(address));

test('addresses come nearest first and end at the first that cannot be read', () => {
  expect(forwardedAddresses('x-forwarded-for', '1.1.1.1, 2.2.2.2,3.3.3.3')).toEqual([
    '3.3.3.3',
    '2.2.2.2',
    '1.1.1.1',
  ]);
  expect(forwardedAddresses('x-forwarded-for', '1.1.1.1, unknown, 3.3.3.3')).toEqual(['3.3.3.3']);
  expect(forwardedAddresses('forwarded', 'For=1.1.1.1;by=9.9.9.9, proto=http;for="[::2]:80"')).toEqual([
    '::2',
    '1.1.1.1',
  ]);
  expect(forwardedAddresses('forwarded', 'by=9.9.9.9')).toEqual([]);
});

test('of a very long list only the nearest addresses are read', () => {
  const many = Array.from({ length: 5_000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`).join(',');
  expect(forwardedAddresses('x-forwarded-for', many)).toHaveLength(30);
});
