import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEntryBundle, encodeEntryBundle } from './entry-bundle.ts';

test('a bundle gives back its entries, byte for byte', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 256 }), (entries) => {
      const decoded = decodeEntryBundle(encodeEntryBundle(entries), entries.length);
      expect(decoded.complete).toBe(true);
      expect(decoded.entries.map((entry) => [...entry])).toEqual(entries.map((entry) => [...entry]));
    }),
  );
});

test('an entry of 65,535 bytes fits, and one more byte is refused', () => {
  const longest = new Uint8Array(65_535).fill(1);
  expect(decodeEntryBundle(encodeEntryBundle([longest]), 1).entries[0]).toEqual(longest);
  expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(RangeError);
});

test('a bundle that is cut off, too long or has too few entries is not complete', () => {
  const bytes = encodeEntryBundle([Uint8Array.of(1, 2), Uint8Array.of(3)]);
  expect(decodeEntryBundle(bytes, 2).complete).toBe(true);
  expect(decodeEntryBundle(bytes.slice(0, -1), 2)).toEqual({
    entries: [Uint8Array.of(1, 2)],
    complete: false,
  });
  expect(decodeEntryBundle(Uint8Array.of(...bytes, 0), 2).complete).toBe(false);
  expect(decodeEntryBundle(bytes, 1)).toEqual({ entries: [Uint8Array.of(1, 2)], complete: false });
  expect(decodeEntryBundle(bytes, 3).complete).toBe(false);
});
