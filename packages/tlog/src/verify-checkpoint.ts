import { parseCheckpoint, type Checkpoint, type CheckpointRefusal } from './checkpoint.ts';
import type { Result } from './result.ts';
import type { Verifier } from './signer.ts';
import { verifyNote, type NoteVerificationRefusal } from './verify-note.ts';

/** Why a checkpoint must not be trusted. */
export type CheckpointVerificationRefusal = NoteVerificationRefusal | CheckpointRefusal | 'otherOrigin';

/** A checkpoint that a known key signed. */
export interface VerifiedCheckpoint extends Checkpoint {
  readonly signedBy: readonly Verifier[];
}

/** Verifies a signed checkpoint against the log's own keys and, when given, the origin that the caller pinned. */
export function verifyCheckpoint(
  note: string | Uint8Array,
  { verifiers, origin }: { readonly verifiers: readonly Verifier[]; readonly origin?: string },
): Result<VerifiedCheckpoint, CheckpointVerificationRefusal> {
  const verified = verifyNote(note, verifiers);
  if (!verified.ok) return verified;
  const checkpoint = parseCheckpoint(verified.value.text);
  if (!checkpoint.ok) return checkpoint;
  if (origin !== undefined && checkpoint.value.origin !== origin) return { ok: false, reason: 'otherOrigin' };
  return { ok: true, value: { ...checkpoint.value, signedBy: verified.value.signedBy } };
}
