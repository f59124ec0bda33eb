import { createHash } from 'node:crypto';

// RFC 6962, section 2.1, without code of the package under test.

const sha = (...parts: readonly Uint8Array[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

export const naiveLeaf = (entry: Uint8Array) => sha(Uint8Array.of(0), entry);

/** A tree that keeps its subtree hashes by range, so that all pairs of sizes can be tried. */
export function createNaiveTree(leaves: readonly Uint8Array[]) {
  const known = new Map<string, Uint8Array>();

  function hash(from: number, to: number): Uint8Array {
    if (to === from) return sha();
    const key = `${from}-${to}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const leaf = leaves[from];
    if (leaf === undefined) throw new Error(`no leaf ${from}`);
    const k = split(to - from);
    const value = to - from === 1 ? leaf : sha(Uint8Array.of(1), hash(from, from + k), hash(from + k, to));
    known.set(key, value);
    return value;
  }

  function path(m: number, from: number, to: number): Uint8Array[] {
    if (to - from === 1) return [];
    const k = split(to - from);
    return m < k
      ? [...path(m, from, from + k), hash(from + k, to)]
      : [...path(m - k, from + k, to), hash(from, from + k)];
  }

  function subproof(m: number, from: number, to: number, known: boolean): Uint8Array[] {
    if (m === to - from) return known ? [] : [hash(from, to)];
    const k = split(to - from);
    return m <= k
      ? [...subproof(m, from, from + k, known), hash(from + k, to)]
      : [...subproof(m - k, from + k, to, false), hash(from, from + k)];
  }

  return {
    hash,
    root: (size: number) => hash(0, size),
    inclusion: (index: number, size: number) => path(index, 0, size),
    consistency: (size1: number, size2: number) => subproof(size1, 0, size2, true),
  };
}

function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}
