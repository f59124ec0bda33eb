import { expect, test } from 'vitest';
import { createNaiveTree, naiveLeaf } from '../test-kit/naive-tree.ts';
import { nodeSha256, numberedEntries } from '../test-kit/published-ledger.ts';
import { emptyRoot } from './empty-root.ts';
import { createFrontier } from './frontier.ts';
import { leafHash } from './leaf-hash.ts';

const entries = numberedEntries(300);
const naive = createNaiveTree(entries.map(naiveLeaf));

test('a frontier has the RFC 6962 root at every size, with either SHA-256', () => {
  for (const sha of [undefined, nodeSha256]) {
    const frontier = createFrontier(undefined, sha);
    expect(Buffer.from(frontier.root())).toEqual(Buffer.from(emptyRoot()));
    entries.forEach((entry, i) => {
      frontier.append(leafHash(entry, sha));
      expect(Buffer.compare(frontier.root(), naive.root(i + 1))).toBe(0);
    });
  }
});

test('a frontier that continues from a snapshot gives the same roots as one that never stopped', () => {
  for (const stop of [0, 1, 2, 3, 127, 128, 255, 256, 299]) {
    const before = createFrontier();
    for (const entry of entries.slice(0, stop)) before.append(leafHash(entry));
    const after = createFrontier(before.state());
    for (const entry of entries.slice(stop)) after.append(leafHash(entry));
    expect(before.size()).toBe(stop);
    expect(Buffer.compare(after.root(), naive.root(300))).toBe(0);
  }
});

test('a frontier whose hashes do not fit its size is refused', () => {
  expect(() => createFrontier({ size: 3, hashes: [new Uint8Array(32)] })).toThrow(RangeError);
  expect(() => createFrontier({ size: -1, hashes: [] })).toThrow(RangeError);
  expect(() => createFrontier({ size: 2 ** 53, hashes: [new Uint8Array(32)] })).toThrow(RangeError);
});
