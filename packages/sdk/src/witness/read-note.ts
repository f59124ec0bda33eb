import {
  encodeBase64,
  verifyCheckpoint,
  type CheckpointVerificationRefusal,
  type Result,
  type Verifier,
} from '@bitacora/tlog';
import type { SeenCheckpoint } from './verdict.ts';

/** A checkpoint that the verifier's key signed, with its note. */
export interface ReadNote {
  readonly note: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** Accepts a note only when the key signed it, and only for the key's own origin, because a key signs for one ledger. */
export function readNote(note: string, verifier: Verifier): Result<ReadNote, CheckpointVerificationRefusal> {
  const read = verifyCheckpoint(note, { verifiers: [verifier], origin: verifier.name });
  if (!read.ok) return read;
  const { size, root } = read.value;
  return { ok: true, value: { note, size, root } };
}

/** The checkpoint as a verdict shows it. */
export function checkpointOf({ note, size, root }: ReadNote): SeenCheckpoint {
  return { note, size, rootHash: encodeBase64(root) };
}
