import type { Result } from './result.ts';
import { parseNote, type NoteRefusal } from './signed-note.ts';
import type { Verifier } from './signer.ts';

/** A note whose text is signed by a known key. */
export interface VerifiedNote {
  readonly text: string;
  /** The known keys that signed it, at least one. */
  readonly signedBy: readonly Verifier[];
  /** How many signature lines belong to unknown keys; they are ignored. */
  readonly unknownSignatures: number;
}

/** Why a note must not be trusted. */
export type NoteVerificationRefusal = NoteRefusal | 'badSignature' | 'duplicateKey' | 'noKnownKey';

/**
 * Parses a note and verifies it (C2SP signed-note, signatures): lines of unknown keys are ignored, one bad signature of a
 * known key refuses the note, and so does a note without any known key. A known key that signs twice, or two verifiers
 * with one name and key id, are refused as ambiguous.
 */
export function verifyNote(
  note: string | Uint8Array,
  verifiers: readonly Verifier[],
): Result<VerifiedNote, NoteVerificationRefusal> {
  const parsed = parseNote(note);
  if (!parsed.ok) return parsed;
  const { text, signatures } = parsed.value;
  const message = new TextEncoder().encode(text);
  const signedBy: Verifier[] = [];
  let unknownSignatures = 0;
  for (const { name, keyId, signature } of signatures) {
    const [verifier, another] = verifiers.filter(
      (candidate) => candidate.name === name && candidate.keyId === keyId,
    );
    if (verifier === undefined) {
      unknownSignatures += 1;
      continue;
    }
    if (another !== undefined || signedBy.includes(verifier)) return { ok: false, reason: 'duplicateKey' };
    if (!verifier.verify(message, signature)) return { ok: false, reason: 'badSignature' };
    signedBy.push(verifier);
  }
  if (signedBy.length === 0) return { ok: false, reason: 'noKnownKey' };
  return { ok: true, value: { text, signedBy, unknownSignatures } };
}
