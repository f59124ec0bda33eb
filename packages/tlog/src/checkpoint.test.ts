import { expect, test } from 'vitest';
import { origin, signer, verifier } from '../test-kit/published-ledger.ts';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { signNote } from './sign-note.ts';
import { verifyCheckpoint } from './verify-checkpoint.ts';

const root = new Uint8Array(32).fill(5);
const rootText = Buffer.from(root).toString('base64');

test('a checkpoint is three lines and is read back', () => {
  for (const size of [0, 1, 109_482, Number.MAX_SAFE_INTEGER]) {
    const text = formatCheckpoint({ origin, size, root });
    expect(text).toBe(`${origin}\n${size}\n${rootText}\n`);
    expect(parseCheckpoint(text)).toEqual({ ok: true, value: { origin, size, root } });
  }
});

test('unknown extension lines are accepted', () => {
  const parsed = parseCheckpoint(`o\n1\n${rootText}\nextension\n`);
  expect(parsed).toMatchObject({ ok: true, value: { extensions: ['extension'] } });
});

test.each([
  ['two lines', 'o\n1\n', 'notThreeLines'],
  ['no final newline', `o\n1\n${rootText}`, 'notThreeLines'],
  ['an empty origin', `\n1\n${rootText}\n`, 'emptyOrigin'],
  ['a leading zero', `o\n01\n${rootText}\n`, 'malformedSize'],
  ['a sign', `o\n+1\n${rootText}\n`, 'malformedSize'],
  ['a size of 2^53', `o\n9007199254740992\n${rootText}\n`, 'malformedSize'],
  ['a size of 2^64−1', `o\n18446744073709551615\n${rootText}\n`, 'malformedSize'],
  ['digits that are not ASCII', `o\n١\n${rootText}\n`, 'malformedSize'],
  ['a root of 31 bytes', `o\n1\n${Buffer.alloc(31).toString('base64')}\n`, 'malformedRoot'],
  ['a root without padding', `o\n1\n${rootText.replace('=', '')}\n`, 'malformedRoot'],
  ['an empty extension line', `o\n1\n${rootText}\n\n`, 'emptyExtensionLine'],
])('a checkpoint with %s is refused', (_, text, reason) => {
  expect(parseCheckpoint(text)).toEqual({ ok: false, reason });
});

test('a checkpoint that could not be read back is refused before it is written', () => {
  expect(() => formatCheckpoint({ origin: '', size: 1, root })).toThrow(RangeError);
  expect(() => formatCheckpoint({ origin: 'a\n1', size: 1, root })).toThrow(RangeError);
  expect(() => formatCheckpoint({ origin, size: 1.5, root })).toThrow(RangeError);
  expect(() => formatCheckpoint({ origin, size: 1, root: new Uint8Array(31) })).toThrow(RangeError);
});

test('a verified checkpoint has the expected origin', async () => {
  const note = await signNote(formatCheckpoint({ origin: 'log.example/other', size: 1, root }), [signer]);
  expect(verifyCheckpoint(note, { verifiers: [verifier] }).ok).toBe(true);
  expect(verifyCheckpoint(note, { verifiers: [verifier], origin })).toEqual({
    ok: false,
    reason: 'otherOrigin',
  });
});
