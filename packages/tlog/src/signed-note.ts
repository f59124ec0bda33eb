import { decodeBase64, encodeBase64 } from './base64.ts';
import { isKeyName } from './key-name.ts';
import type { Result } from './result.ts';

/** One signature line: the name and key id that it claims, and the signature without the key id. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  readonly signature: Uint8Array;
}

/** A parsed note; no signature is verified yet. `text` ends with its newline and is what was signed. */
export interface SignedNote {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Why a text is no signed note. */
export type NoteRefusal =
  | 'tooLong'
  | 'notUtf8'
  | 'controlCharacter'
  | 'noBlankLine'
  | 'noSignatures'
  | 'malformedSignatureLine'
  | 'tooManySignatures';

const noteLengthMax = 1_000_000;
const signatureCountMax = 100;

/** The note with its signature lines, in the order given. RangeError when the parts could not be parsed again. */
export function formatNote({ text, signatures }: SignedNote): string {
  const lines = signatures.map(({ name, keyId, signature }) => {
    const bytes = new Uint8Array(4 + signature.length);
    new DataView(bytes.buffer).setUint32(0, keyId);
    bytes.set(signature, 4);
    return `— ${name} ${encodeBase64(bytes)}\n`;
  });
  const note = `${text}\n${lines.join('')}`;
  const parsed = parseNote(note);
  if (!parsed.ok || parsed.value.text !== text) {
    throw new RangeError(`not a note: ${parsed.ok ? 'the text has no final newline' : parsed.reason}`);
  }
  return note;
}

/** Splits a note into text and signatures (C2SP signed-note, format), refusing every other spelling. */
export function parseNote(note: string | Uint8Array): Result<SignedNote, NoteRefusal> {
  if (note.length > noteLengthMax) return refuse('tooLong');
  const whole = typeof note === 'string' ? note : decodeUtf8(note);
  if (whole === undefined || !whole.isWellFormed()) return refuse('notUtf8');
  // Everything below U+0020 but the newline; a carriage return too.
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) return refuse('controlCharacter');
  const blank = whole.lastIndexOf('\n\n');
  if (blank < 0) return refuse('noBlankLine');
  const block = whole.slice(blank + 2);
  if (block === '') return refuse('noSignatures');
  if (!block.endsWith('\n')) return refuse('malformedSignatureLine');
  const lines = block.slice(0, -1).split('\n');
  if (lines.length > signatureCountMax) return refuse('tooManySignatures');
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignatureLine(line);
    if (signature === undefined) return refuse('malformedSignatureLine');
    signatures.push(signature);
  }
  return { ok: true, value: { text: whole.slice(0, blank + 1), signatures } };
}

function parseSignatureLine(line: string): NoteSignature | undefined {
  const [dash, name = '', encoded = '', ...more] = line.split(' ');
  const bytes = decodeBase64(encoded);
  if (dash !== '—' || !isKeyName(name) || more.length > 0 || bytes === undefined || bytes.length < 5) {
    return undefined;
  }
  return { name, keyId: new DataView(bytes.buffer).getUint32(0), signature: bytes.slice(4) };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function refuse(reason: NoteRefusal): { ok: false; reason: NoteRefusal } {
  return { ok: false, reason };
}
