import { emptyRoot } from './empty-root.ts';
import { itemAt } from './item-at.ts';
import { createNodeHasher, nodeHash } from './node-hash.ts';
import { sha256, type Sha256 } from './sha256.ts';

/**
 * All that is needed to append to a tree: its size, and the roots of its complete subtrees, largest (leftmost) first, one
 * for each 1 bit of the size. At most 53 hashes of 32 bytes.
 */
export interface FrontierState {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

/** An append-only tree that keeps only its right edge. */
export interface Frontier {
  /** Adds one leaf hash at index `size()`. Amortised one node hash. */
  append(leafHash: Uint8Array): void;
  /** The number of leaves. */
  size(): number;
  /** The RFC 6962 root of all leaves so far; the empty root at size 0. */
  root(): Uint8Array;
  /** A snapshot that `createFrontier` continues from. */
  state(): FrontierState;
}

/**
 * Continues a tree from a state; without one, starts the empty tree.
 * Throws RangeError when the number of hashes does not fit the size.
 */
export function createFrontier(
  state: FrontierState = { size: 0, hashes: [] },
  sha: Sha256 = sha256,
): Frontier {
  if (!Number.isSafeInteger(state.size) || state.size < 0 || state.hashes.length !== countOnes(state.size)) {
    throw new RangeError(
      `${state.hashes.length} hashes are not the frontier of a tree of size ${state.size}`,
    );
  }
  const hashNode = createNodeHasher(sha);
  const stack = [...state.hashes];
  let size = state.size;

  function append(leaf: Uint8Array): void {
    let hash = leaf;
    for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
      const left = stack.pop();
      if (left === undefined) throw new RangeError('the frontier is shorter than its size says');
      hash = hashNode(left, hash);
    }
    stack.push(hash);
    size += 1;
  }

  function root(): Uint8Array {
    return stack.length === 0 ? emptyRoot(sha) : foldRight(stack, sha);
  }

  return Object.freeze({
    append,
    root,
    size: () => size,
    state: () => ({ size, hashes: [...stack] }),
  });
}

/** The root over adjacent complete subtrees of falling size, given left to right; at least one. */
export function foldRight(hashes: readonly Uint8Array[], sha: Sha256 = sha256): Uint8Array {
  let hash = itemAt(hashes, hashes.length - 1);
  for (let i = hashes.length - 2; i >= 0; i--) hash = nodeHash(itemAt(hashes, i), hash, sha);
  return hash;
}

function countOnes(size: number): number {
  let ones = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}
