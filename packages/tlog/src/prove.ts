import { emptyRoot } from './empty-root.ts';
import { foldRight } from './frontier.ts';
import type { HashReader } from './hash-reader.ts';
import { rangeNodes } from './node-coordinate.ts';
import { proofRanges, type LeafRange } from './proof-ranges.ts';
import { sha256, type Sha256 } from './sha256.ts';
import { isSubtree } from './verify-proof.ts';

/** The inclusion proof of the entry at `index` in the tree of `size` entries: sibling first. RangeError out of range. */
export function proveInclusion(
  index: number,
  size: number,
  reader: HashReader,
  sha: Sha256 = sha256,
): Promise<Uint8Array[]> {
  return proveSubtreeConsistency({ start: index, end: index + 1, size }, reader, sha);
}

/** The proof that the tree of `size2` begins with the tree of `size1`; sizes from 1, equal sizes give an empty proof. */
export function proveConsistency(
  size1: number,
  size2: number,
  reader: HashReader,
  sha: Sha256 = sha256,
): Promise<Uint8Array[]> {
  return proveSubtreeConsistency({ start: 0, end: size1, size: size2 }, reader, sha);
}

/** The proof that the subtree `[start, end)` belongs to the tree of `size` entries. RangeError when it is no subtree. */
export async function proveSubtreeConsistency(
  { start, end, size }: { readonly start: number; readonly end: number; readonly size: number },
  reader: HashReader,
  sha: Sha256 = sha256,
): Promise<Uint8Array[]> {
  if (!Number.isSafeInteger(size) || !isSubtree(BigInt(start), BigInt(end)) || end > size) {
    throw new RangeError(`[${start}, ${end}) is not a subtree of a tree of size ${size}`);
  }
  return hashRanges(proofRanges(start, end, size), reader, sha);
}

/** The root of the first `size` entries, from stored hashes. Needs one call of the reader. */
export async function rootFromTiles(
  size: number,
  reader: HashReader,
  sha: Sha256 = sha256,
): Promise<Uint8Array> {
  if (size === 0) return emptyRoot(sha);
  const [root] = await hashRanges([{ start: 0, end: size }], reader, sha);
  if (root === undefined) throw new RangeError('the reader gave no hash');
  return root;
}

async function hashRanges(
  ranges: readonly LeafRange[],
  reader: HashReader,
  sha: Sha256,
): Promise<Uint8Array[]> {
  const nodesByRange = ranges.map(({ start, end }) => rangeNodes(start, end));
  const hashes = await reader(nodesByRange.flat());
  let taken = 0;
  return nodesByRange.map((nodes) => {
    const own = hashes.slice(taken, taken + nodes.length);
    if (own.length !== nodes.length) throw new RangeError('the reader returned fewer hashes than requested');
    taken += nodes.length;
    return foldRight(own, sha);
  });
}
