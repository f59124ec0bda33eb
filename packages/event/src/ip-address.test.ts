import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isIpAddress } from './ip-address.ts';

test.each([
  '0.0.0.0',
  '255.255.255.255',
  '::',
  '::1',
  '1::',
  '2001:db8::8:800:200c:417a',
  'FE80::1',
  '::ffff:1.2.3.4',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:1.2.3.4',
  '1:2:3:4:5:6:7::',
  '::2:3:4:5:6:7:8',
])('%s is an address', (text) => expect(isIpAddress(text)).toBe(true));

test.each([
  '',
  '1.2.3',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.4.5',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '12345::',
  '1.2.3.4::',
  '::1.2.3',
  'fe80::1%eth0',
  '10.0.0.0/8',
  '::ffff:1.2.3.4:5',
  ' 1.2.3.4',
  '1:2:3:4:5:6:7::8',
])('%s is not an address', (text) => expect(isIpAddress(text)).toBe(false));

test('agrees with Node on every mixture of groups', () => {
  const group = fc.constantFrom('1', 'ffff', '', ':', '::', '1.2.3.4', '0', 'g', '12345');
  fc.assert(
    fc.property(fc.array(group, { maxLength: 9 }), fc.constantFrom(':', ''), (groups, separator) => {
      const text = groups.join(separator);
      expect(isIpAddress(text)).toBe(isIP(text) > 0);
    }),
    { numRuns: 5_000 },
  );
});
