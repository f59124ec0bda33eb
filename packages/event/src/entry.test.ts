import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyEvent } from '../test/any-event.ts';
import { base64url } from './base64url.ts';
import { canonicalJson } from './canonical-json.ts';
import { commitmentPreimage, openCommitment } from './commitment.ts';
import { entryJson, parseEntry } from './entry.ts';
import { compilePersonal } from './personal.ts';
import { separate } from './separate.ts';

const hash = 'A'.repeat(43);
const ingestedAt = '2026-03-01T10:00:00.000Z';
const open = {
  id: '0195512f-7c80-7000-8000-0123456789ab',
  action: 'a',
  actor: { type: 'user', id: 'u' },
} as const;
const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

describe('entry bytes', () => {
  test('are the canonical JSON of the entry, byte for byte, and read back', () => {
    const group = fc.constantFrom(
      { actor: hash },
      { text: hash, subject: hash, actor: hash },
      { text: hash },
    );
    const policy = { personal: compilePersonal(), pseudonym: () => 'p_1' };
    fc.assert(
      fc.property(anyEvent, fc.boolean(), group, fc.string(), (event, whole, commitments, ledger) => {
        const part = whole ? event : separate(event, policy).open;
        const text = entryJson({ ledger, ingestedAt, open: part, commitments });
        expect(text).toBe(canonicalJson({ ...part, v: 1, ledger, ingestedAt, commitments }));
        expect(parseEntry(text)).toEqual({ ledger, ingestedAt, commitments, open: part });
      }),
      { numRuns: 400 },
    );
  });

  test('are never without a commitment', () => {
    const entry = { ledger: 'l', ingestedAt, open, commitments: {} };
    expect(() => entryJson(entry)).toThrow(expect.objectContaining({ code: 'no_commitment' }));
  });

  test('are at most 65,535', () => {
    const entry = (length: number) => ({
      ledger: 'l',
      ingestedAt,
      open: { ...open, attributes: { a: 'x'.repeat(length) } },
      commitments: { actor: hash },
    });
    const room = 65_535 - entryJson(entry(0)).length;
    expect(entryJson(entry(room)).length).toBe(65_535);
    expect(() => entryJson(entry(room + 1))).toThrow(expect.objectContaining({ code: 'entry_too_large' }));
  });

  test.each([
    '',
    '[]',
    'null',
    '{}',
    '{"v":2}',
    entryText({ commitments: {} }),
    entryText({ commitments: { x: hash } }),
    entryText({ v: 2 }),
  ])('are not %j', (text) =>
    expect(() => parseEntry(text)).toThrow(expect.objectContaining({ code: 'invalid_entry' })),
  );
});

describe('commitments', () => {
  test('hash 0x02, the salt, the length of the name, the name and the values', () => {
    const salt = Uint8Array.from({ length: 16 }, (_, i) => i);
    const preimage = commitmentPreimage({ salt, group: 'text', canonical: '{"a":"é"}' });
    expect(Buffer.from(preimage).toString('hex')).toBe(
      '02000102030405060708090a0b0c0d0e0f000474657874' + Buffer.from('{"a":"é"}').toString('hex'),
    );
    expect(() => commitmentPreimage({ salt: new Uint8Array(15), group: 'text', canonical: '' })).toThrow(
      expect.objectContaining({ code: 'invalid_salt' }),
    );
  });

  test('open with the right salt, group and values only', () => {
    const input = { salt: new Uint8Array(16), group: 'actor', canonical: '{}' } as const;
    const commitment = base64url(sha256(commitmentPreimage(input)));
    expect(commitment).toHaveLength(43);
    expect(openCommitment({ ...input, commitment, sha256 })).toBe(true);
    expect(openCommitment({ ...input, canonical: '{"a":1}', commitment, sha256 })).toBe(false);
    expect(openCommitment({ ...input, group: 'text', commitment, sha256 })).toBe(false);
    expect(openCommitment({ ...input, salt: new Uint8Array(16).fill(1), commitment, sha256 })).toBe(false);
  });

  test('are written in base64url without padding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(base64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
      }),
    );
  });
});

function entryText(extra: object): string {
  return JSON.stringify({ v: 1, ledger: 'l', ingestedAt, ...open, commitments: { actor: hash }, ...extra });
}
