import { expect, test } from 'vitest';
import { createNaiveTree, naiveLeaf } from '../test-kit/naive-tree.ts';
import { nodeSha256, numberedEntries } from '../test-kit/published-ledger.ts';
import { createLeafHasher, leafHash } from './leaf-hash.ts';
import { tileRoot } from './tile-root.ts';

const leaves = numberedEntries(256).map(naiveLeaf);
const naive = createNaiveTree(leaves);

test('a power of two of hashes has its RFC 6962 root, and is not changed, not even as a Buffer', () => {
  for (const count of [1, 2, 4, 128, 256]) {
    const hashes = Buffer.concat(leaves.slice(0, count));
    const before = Buffer.from(hashes);
    expect(Buffer.compare(tileRoot(hashes, nodeSha256), naive.root(count))).toBe(0);
    expect(hashes.equals(before)).toBe(true);
  }
});

test('a number of hashes that is not a power of two is refused', () => {
  for (const length of [0, 31, 33, 96, 255 * 32]) {
    expect(() => tileRoot(new Uint8Array(length))).toThrow(RangeError);
  }
});

test('a leaf hasher hashes each entry correctly, after entries of any length', () => {
  const hashLeaf = createLeafHasher();
  for (const length of [10, 0, 4_095, 4_096, 65_535, 3]) {
    const entry = new Uint8Array(length).fill(length & 255);
    expect(hashLeaf(entry)).toEqual(leafHash(entry));
    expect(hashLeaf(entry)).toEqual(naiveLeaf(entry));
  }
});
