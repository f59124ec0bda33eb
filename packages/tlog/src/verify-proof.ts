import { equalBytes } from './equal-bytes.ts';
import { nodeHash } from './node-hash.ts';
import { sha256, type Sha256 } from './sha256.ts';

/** The reason why a proof is not valid. */
export type ProofRefusal =
  | 'sizeZero'
  | 'beyondSafeInteger'
  | 'indexOutOfRange'
  | 'notASubtree'
  | 'hashLength'
  | 'proofLength'
  | 'subtreeMismatch'
  | 'rootMismatch';

/** Whether a proof is valid, and the reason when it is not. It is returned, never thrown. */
export type ProofResult = { readonly ok: true } | { readonly ok: false; readonly reason: ProofRefusal };

/** A position or size. It may be a bigint, so that foreign 64-bit values can be refused instead of rounded. */
export type TreeNumber = number | bigint;

/** No honest proof is longer: a tree of 2^53 leaves has 53 levels, a consistency proof one hash more. */
const proofLengthMax = 54;

/** Checks that the entry with this leaf hash is at `index` in the tree with `size` and `root` (RFC 9162 section 2.1.3.2). */
export function verifyInclusion(
  claim: {
    readonly index: TreeNumber;
    readonly size: TreeNumber;
    readonly leafHash: Uint8Array;
    readonly proof: readonly Uint8Array[];
    readonly root: Uint8Array;
  },
  sha: Sha256 = sha256,
): ProofResult {
  const { index, size, leafHash, proof, root } = claim;
  const refusal = refuseNumbers([index], [size]) ?? refuseHashes([leafHash, root], proof);
  if (refusal !== undefined) return refusal;
  const at = BigInt(index);
  if (at >= BigInt(size)) return refuse('indexOutOfRange');
  return checkSubtreeProof(
    { start: at, end: at + 1n, size: BigInt(size), subtreeRoot: leafHash, root, proof },
    sha,
  );
}

/** Checks that the tree (size2, root2) begins with the tree (size1, root1) (RFC 9162 section 2.1.4.2). Sizes from 1. */
export function verifyConsistency(
  claim: {
    readonly size1: TreeNumber;
    readonly size2: TreeNumber;
    readonly root1: Uint8Array;
    readonly root2: Uint8Array;
    readonly proof: readonly Uint8Array[];
  },
  sha: Sha256 = sha256,
): ProofResult {
  const { size1, size2, root1, root2, proof } = claim;
  return verifySubtreeConsistency(
    { start: 0, end: size1, size: size2, subtreeRoot: root1, root: root2, proof },
    sha,
  );
}

/** Checks that `subtreeRoot` is the root of the leaves `[start, end)` of the tree (size, root). */
export function verifySubtreeConsistency(
  claim: {
    readonly start: TreeNumber;
    readonly end: TreeNumber;
    readonly size: TreeNumber;
    readonly subtreeRoot: Uint8Array;
    readonly root: Uint8Array;
    readonly proof: readonly Uint8Array[];
  },
  sha: Sha256 = sha256,
): ProofResult {
  const refusal =
    refuseNumbers([claim.start], [claim.end, claim.size]) ??
    refuseHashes([claim.subtreeRoot, claim.root], claim.proof);
  if (refusal !== undefined) return refusal;
  const [start, end, size] = [BigInt(claim.start), BigInt(claim.end), BigInt(claim.size)];
  if (!isSubtree(start, end)) return refuse('notASubtree');
  if (end > size) return refuse('indexOutOfRange');
  return checkSubtreeProof({ ...claim, start, end, size }, sha);
}

/** Checks that the leaf at `index` of the whole tree lies in the subtree `[start, end)` with the given root. */
export function verifySubtreeInclusion(
  claim: {
    readonly index: TreeNumber;
    readonly start: TreeNumber;
    readonly end: TreeNumber;
    readonly leafHash: Uint8Array;
    readonly proof: readonly Uint8Array[];
    readonly root: Uint8Array;
  },
  sha: Sha256 = sha256,
): ProofResult {
  const refusal = refuseNumbers([claim.index, claim.start], [claim.end]);
  if (refusal !== undefined) return refusal;
  const [index, start, end] = [BigInt(claim.index), BigInt(claim.start), BigInt(claim.end)];
  if (!isSubtree(start, end)) return refuse('notASubtree');
  if (index < start || index >= end) return refuse('indexOutOfRange');
  return verifyInclusion({ ...claim, index: index - start, size: end - start }, sha);
}

/** Whether `[start, end)` may be a subtree: not empty, and beginning at a multiple of the next power of two. */
export function isSubtree(start: bigint, end: bigint): boolean {
  if (start < 0n || start >= end) return false;
  let width = 1n;
  while (width < end - start) width *= 2n;
  return start % width === 0n;
}

/**
 * The check itself, for any 64-bit numbers and hashes of any length; callers have checked both. From
 * draft-ietf-plants-merkle-tree-certs section 4.4.3: one leaf makes it RFC 9162's inclusion check, start 0 its consistency check.
 */
export function checkSubtreeProof(
  claim: {
    readonly start: bigint;
    readonly end: bigint;
    readonly size: bigint;
    readonly subtreeRoot: Uint8Array;
    readonly root: Uint8Array;
    readonly proof: readonly Uint8Array[];
  },
  sha: Sha256 = sha256,
): ProofResult {
  let [first, last, edge] = [claim.start, claim.end - 1n, claim.size - 1n];
  const shift = () => {
    first >>= 1n;
    last >>= 1n;
    edge >>= 1n;
  };
  const toTheEdge = last === edge;
  while (first !== last && (toTheEdge || last % 2n === 1n)) shift();

  const path = [...claim.proof];
  const seed = first === last ? claim.subtreeRoot : path.shift();
  if (seed === undefined) return refuse('proofLength');
  let [subtreeRoot, root] = [seed, seed];
  for (const sibling of path) {
    if (edge === 0n) return refuse('proofLength');
    if (last % 2n === 1n || last === edge) {
      if (first < last) subtreeRoot = nodeHash(sibling, subtreeRoot, sha);
      root = nodeHash(sibling, root, sha);
      while (last % 2n === 0n) shift();
    } else {
      root = nodeHash(root, sibling, sha);
    }
    shift();
  }
  if (edge !== 0n) return refuse('proofLength');
  if (!equalBytes(subtreeRoot, claim.subtreeRoot)) return refuse('subtreeMismatch');
  return equalBytes(root, claim.root) ? { ok: true } : refuse('rootMismatch');
}

function refuseNumbers(
  positions: readonly TreeNumber[],
  sizes: readonly TreeNumber[],
): ProofResult | undefined {
  if (![...positions, ...sizes].every(isSafe)) return refuse('beyondSafeInteger');
  return sizes.some((size) => BigInt(size) === 0n) ? refuse('sizeZero') : undefined;
}

function isSafe(number: TreeNumber): boolean {
  if (typeof number === 'number') return Number.isSafeInteger(number) && number >= 0;
  return number >= 0n && number <= BigInt(Number.MAX_SAFE_INTEGER);
}

function refuseHashes(ends: readonly Uint8Array[], proof: readonly Uint8Array[]): ProofResult | undefined {
  if (proof.length > proofLengthMax) return refuse('proofLength');
  return [...ends, ...proof].every((hash) => hash.length === 32) ? undefined : refuse('hashLength');
}

function refuse(reason: ProofRefusal): ProofResult {
  return { ok: false, reason };
}
