/** Leaves `[start, end)` whose joint hash is one element of a proof. */
export interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The elements of the proof that the subtree `[start, end)` belongs to the tree of the given size, in proof order.
 * One leaf gives the inclusion path (RFC 6962 section 2.1.1), start 0 the consistency proof (section 2.1.2), the rest is
 * the subtree consistency proof of draft-ietf-plants-merkle-tree-certs (section 4.4), which contains both.
 */
export function proofRanges(start: number, end: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  let from = 0;
  let to = size;
  let verifierHasRange = true;
  let low = start;
  while (low !== from || end !== to) {
    const middle = from + largestPowerBelow(to - from);
    if (end <= middle) {
      ranges.push({ start: middle, end: to });
      to = middle;
      continue;
    }
    ranges.push({ start: from, end: middle });
    if (low < middle) {
      verifierHasRange = false;
      low = middle;
    }
    from = middle;
  }
  if (!verifierHasRange) ranges.push({ start: from, end: to });
  return ranges.reverse();
}

/** The largest power of two that is smaller than n; n is at least 2. */
function largestPowerBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}
