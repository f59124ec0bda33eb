import { expect, test } from 'vitest';
import { decodeValues, encodeValues, splitValues, valuesFormat } from './values-record.ts';

const mac = Buffer.from('0102030405060708', 'hex');
const nonce = Buffer.from('a1a2a3a4a5a6a7a8', 'hex');

test('records are read back as they were written, one after the other', () => {
  const records = [
    { mac, nonce, actorProfile: 0, subjectProfile: 300, text: Buffer.from('text') },
    { mac, nonce, actorProfile: 70_000, subjectProfile: 0, text: Buffer.alloc(0) },
  ];
  const bytes = Buffer.concat(records.map(encodeValues));
  const stored = splitValues({ bytes, format: valuesFormat }, 2);
  expect(stored.map(decodeValues)).toEqual(records);
});

test('records of format 0, which have no nonce, are read', () => {
  // Length 14, the MAC, profiles 5 and 0, the text.
  const bytes = Buffer.from(`0e${mac.toString('hex')}0500${Buffer.from('text').toString('hex')}`, 'hex');
  expect(splitValues({ bytes, format: 0 }, 1).map(decodeValues)).toEqual([
    { mac, nonce: Buffer.alloc(0), actorProfile: 5, subjectProfile: 0, text: Buffer.from('text') },
  ]);
});
