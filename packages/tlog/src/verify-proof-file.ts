import { leafHash } from './leaf-hash.ts';
import { parseProofFile, type ProofFileRefusal } from './proof-file.ts';
import type { Result } from './result.ts';
import { sha256, type Sha256 } from './sha256.ts';
import type { Verifier } from './signer.ts';
import {
  verifyCheckpoint,
  type CheckpointVerificationRefusal,
  type VerifiedCheckpoint,
} from './verify-checkpoint.ts';
import { verifyInclusion, type ProofRefusal } from './verify-proof.ts';

/** The result of a valid proof file. */
export interface ProvedEntry {
  readonly index: number;
  readonly leafHash: Uint8Array;
  readonly checkpoint: VerifiedCheckpoint;
  /** Opaque; the proof does not cover it. */
  readonly extra?: Uint8Array;
}

/** Why a proof file proves nothing about the entry. */
export type ProofFileVerificationRefusal = ProofFileRefusal | CheckpointVerificationRefusal | ProofRefusal;

/**
 * Verifies a `.tlog-proof` file for an entry, given as its bytes or its leaf hash, against the log's keys (C2SP
 * tlog-proof, verifying). Pin `origin` where the keys sign for more than one log.
 */
export function verifyProofFile(
  claim: {
    readonly file: string;
    readonly verifiers: readonly Verifier[];
    readonly origin?: string;
  } & ({ readonly entryBytes: Uint8Array } | { readonly leafHash: Uint8Array }),
  sha: Sha256 = sha256,
): Result<ProvedEntry, ProofFileVerificationRefusal> {
  const parsed = parseProofFile(claim.file);
  if (!parsed.ok) return parsed;
  const { index, proof, extra } = parsed.value;
  const checkpoint = verifyCheckpoint(parsed.value.checkpoint, claim);
  if (!checkpoint.ok) return checkpoint;
  const leaf = 'leafHash' in claim ? claim.leafHash : leafHash(claim.entryBytes, sha);
  const { size, root } = checkpoint.value;
  const included = verifyInclusion({ index, size, leafHash: leaf, proof, root }, sha);
  if (!included.ok) return included;
  const proved = { index, leafHash: leaf, checkpoint: checkpoint.value };
  return { ok: true, value: extra === undefined ? proved : { ...proved, extra } };
}
