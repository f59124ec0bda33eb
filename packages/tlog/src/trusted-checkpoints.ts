import { equalBytes } from './equal-bytes.ts';
import type { Verifier } from './signer.ts';
import {
  verifyCheckpoint,
  type CheckpointVerificationRefusal,
  type VerifiedCheckpoint,
} from './verify-checkpoint.ts';

/** A checkpoint that must not be trusted; `position` is its place in the given list. */
export interface RefusedCheckpoint {
  readonly position: number;
  readonly reason: CheckpointVerificationRefusal;
}

/** The result of verifying a list of signed notes. */
export interface TrustedCheckpoints {
  /** Verified, by rising size, one per size. */
  readonly checkpoints: readonly VerifiedCheckpoint[];
  readonly refused: readonly RefusedCheckpoint[];
  /** Two verified ones of one size with different roots: proof to anyone that the log was forked. */
  readonly fork?: readonly [VerifiedCheckpoint, VerifiedCheckpoint];
}

/** Verifies signed notes and sorts them. */
export function readTrustedCheckpoints(
  notes: readonly string[],
  trust: { readonly verifiers: readonly Verifier[]; readonly origin: string },
): TrustedCheckpoints {
  const bySize = new Map<number, VerifiedCheckpoint>();
  const refused: RefusedCheckpoint[] = [];
  let fork: readonly [VerifiedCheckpoint, VerifiedCheckpoint] | undefined;
  notes.forEach((note, position) => {
    const checked = verifyCheckpoint(note, trust);
    if (!checked.ok) {
      refused.push({ position, reason: checked.reason });
      return;
    }
    const { size, root } = checked.value;
    const other = bySize.get(size);
    if (other !== undefined && !equalBytes(other.root, root)) fork ??= [other, checked.value];
    bySize.set(size, other ?? checked.value);
  });
  const checkpoints = [...bySize.values()].sort((a, b) => a.size - b.size);
  return fork === undefined ? { checkpoints, refused } : { checkpoints, refused, fork };
}
