import { existsSync, readFileSync } from 'node:fs';
import { createPublicKey, verify as nodeVerify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signer, verifier } from '../test-kit/published-ledger.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { createEd25519Signer, createEd25519Verifier } from './ed25519.ts';
import { formatNote, parseNote } from './signed-note.ts';
import { signNote } from './sign-note.ts';
import { formatVerifierKey, parseVerifierKey } from './verifier-key.ts';
import { verifyNote } from './verify-note.ts';

const vectorsFile = '../shared/data/c2sp/vectors.json';
const found = existsSync(vectorsFile);
if (!found) console.log('skipped: no ../shared/data');
const vectors = found ? JSON.parse(readFileSync(vectorsFile, 'utf8')) : {};

function verifierOf(vkey: string) {
  const made = createEd25519Verifier(vkey);
  if (!made.ok) throw new Error(made.reason);
  return made.value;
}

describe.skipIf(!found)('published vectors', () => {
  test('the signed note of the C2SP text verifies, and not after a change', () => {
    for (const { vkey, note, valid } of vectors.signed_note) {
      expect(verifyNote(note, [verifierOf(vkey)]).ok).toBe(valid);
      expect(verifyNote(note.replace('example message', 'exemple message'), [verifierOf(vkey)])).toEqual({
        ok: false,
        reason: 'badSignature',
      });
      const parsed = parseNote(note);
      expect(parsed.ok && formatNote(parsed.value)).toBe(note);
      const key = parseVerifierKey(vkey);
      expect(key.ok && formatVerifierKey(key.value)).toBe(vkey);
    }
  });

  test('the checkpoint of the C2SP text is read', () => {
    for (const note of vectors.checkpoint_parse_only) {
      const parsed = parseNote(note);
      const checkpoint = parsed.ok ? parseCheckpoint(parsed.value.text) : parsed;
      expect(checkpoint).toMatchObject({
        ok: true,
        value: { origin: 'example.com/behind-the-sofa', size: 20_852_163 },
      });
    }
  });
});

const text = 'ten languages: ночь, 夜, ليل\n\nsecond paragraph\n';
const note = await signNote(text, [signer]);
const other = createEd25519Signer({ name: 'witness.example/w', seed: new Uint8Array(32).fill(9) });

test('a signed note verifies and gives back its text, from a string or its bytes', () => {
  expect(verifyNote(note, [verifier])).toMatchObject({ ok: true, value: { text, unknownSignatures: 0 } });
  expect(verifyNote(new TextEncoder().encode(note), [verifier]).ok).toBe(true);
});

test('what is signed here, Node verifies, and the other way round', () => {
  const parsed = parseNote(note);
  if (!parsed.ok) throw new Error(parsed.reason);
  const key = createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), signer.publicKey]),
    format: 'der',
    type: 'spki',
  });
  expect(
    nodeVerify(null, Buffer.from(text), key, parsed.value.signatures[0]?.signature ?? Buffer.alloc(0)),
  ).toBe(true);
  const byNode = createEd25519Verifier(formatVerifierKey(signer), (signature, message) =>
    nodeVerify(null, message, key, signature),
  );
  expect(byNode.ok && verifyNote(note, [byNode.value]).ok).toBe(true);
});

test('signatures of unknown keys are ignored, also when they share a name with a known one', async () => {
  const sameName = createEd25519Signer({ name: signer.name, seed: new Uint8Array(32).fill(8) });
  const several = await signNote(text, [other, sameName, signer]);
  expect(verifyNote(several, [verifier])).toMatchObject({ ok: true, value: { unknownSignatures: 2 } });
  expect(verifyNote(await signNote(text, [other, sameName]), [verifier])).toEqual({
    ok: false,
    reason: 'noKnownKey',
  });
});

test('one bad signature of a known key refuses the note, even beside a good one', async () => {
  const witness = verifierOf(formatVerifierKey(other));
  const forged = { ...other, sign: () => new Uint8Array(64) };
  expect(verifyNote(await signNote(text, [signer, forged]), [verifier, witness])).toEqual({
    ok: false,
    reason: 'badSignature',
  });
});

test('a known key that signs twice, and two known keys of the same name and id, are refused', async () => {
  const twice = await signNote(text, [signer, signer]);
  expect(verifyNote(twice, [verifier])).toEqual({ ok: false, reason: 'duplicateKey' });
  expect(verifyNote(note, [verifier, { ...verifier }])).toEqual({ ok: false, reason: 'duplicateKey' });
});

const line = note.slice(note.lastIndexOf('\n— ') + 1);
test.each([
  ['no blank line', `text\n${line}`, 'noBlankLine'],
  ['no signature', 'text\n\n', 'noSignatures'],
  ['no final newline', note.slice(0, -1), 'malformedSignatureLine'],
  ['text after the signatures', `${note}more\n`, 'malformedSignatureLine'],
  ['a blank line after the signatures', `${note}\n`, 'noSignatures'],
  ['a carriage return', note.replace('\n', '\r\n'), 'controlCharacter'],
  ['a tab', note.replace('ten', 'ten\t'), 'controlCharacter'],
  ['a lone surrogate', note.replace('ten', 'ten\ud800'), 'notUtf8'],
  ['a hyphen for the dash', note.replace('— ', '- '), 'malformedSignatureLine'],
  ['two spaces', note.replace('— ', '—  '), 'malformedSignatureLine'],
  ['a plus in the name', note.replace('— log', '— l+og'), 'malformedSignatureLine'],
  ['a no-break space in the name', note.replace('— log', '— l\u00a0og'), 'malformedSignatureLine'],
  ['an empty name', note.replace(`— ${signer.name}`, '— '), 'malformedSignatureLine'],
  ['a broken signature', note.replace(/.\n$/, '\n'), 'malformedSignatureLine'],
  ['white space in the signature', note.replace(/\n$/, ' \n'), 'malformedSignatureLine'],
  ['a key id without signature', 'text\n\n— name AAAAAA==\n', 'malformedSignatureLine'],
  ['unused bits that are set', 'text\n\n— name AAAAAAB=\n', 'malformedSignatureLine'],
  ['101 signatures', `text\n\n${line.repeat(101)}`, 'tooManySignatures'],
  ['a megabyte', `${'x'.repeat(1_000_001)}${note}`, 'tooLong'],
])('a note with %s is refused', (_, malformed, reason) => {
  expect(parseNote(malformed)).toEqual({ ok: false, reason });
});

test('bytes that are not UTF-8 are refused', () => {
  expect(parseNote(Uint8Array.of(0xff, 0x0a))).toEqual({ ok: false, reason: 'notUtf8' });
});

test('a text without its final newline cannot be signed', async () => {
  await expect(signNote('text', [signer])).rejects.toThrow(RangeError);
});

test.each([
  ['', 'malformedVerifierKey'],
  ['name+00000000', 'malformedVerifierKey'],
  ['name+0000000+AQ==', 'malformedVerifierKey'],
  ['a b+00000000+AQAA', 'malformedVerifierKey'],
  [formatVerifierKey(signer).replace('log', 'dog'), 'keyIdMismatch'],
  [formatVerifierKey({ ...signer, algorithm: 4, keyId: 0 }), 'keyIdMismatch'],
])('%j is refused as a vkey', (vkey, reason) => {
  expect(parseVerifierKey(vkey)).toEqual({ ok: false, reason });
});

test('a vkey of another algorithm is no Ed25519 verifier', () => {
  const { name, publicKey } = signer;
  expect(createEd25519Verifier(formatVerifierKey({ name, publicKey, algorithm: 6 }))).toEqual({
    ok: false,
    reason: 'notEd25519',
  });
});
