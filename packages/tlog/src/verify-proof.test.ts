import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNaiveTree, naiveLeaf } from '../test-kit/naive-tree.ts';
import { numberedEntries } from '../test-kit/published-ledger.ts';
import type { HashReader } from './hash-reader.ts';
import { proveConsistency, proveInclusion, proveSubtreeConsistency, rootFromTiles } from './prove.ts';
import {
  isSubtree,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from './verify-proof.ts';

const vectorsFile = '../shared/data/merkle-rfc6962/vectors.ndjson';

function readVectors() {
  if (!existsSync(vectorsFile)) {
    console.log('skipped: no ../shared/data');
    return [];
  }
  return readFileSync(vectorsFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line.replaceAll(/:(\d+)(?=[,}])/g, ':"$1"')));
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

function checkVector(vector: Record<string, string> & { proof: string[] | null }): boolean {
  const proof = (vector.proof ?? []).map(bytes);
  const number = (name: string) => BigInt(vector[name] ?? '');
  const hash = (name: string) => bytes(vector[name] ?? '');
  switch (vector['kind']) {
    case 'inclusion':
      return verifyInclusion({
        index: number('leafIdx'),
        size: number('treeSize'),
        leafHash: hash('leafHash'),
        root: hash('root'),
        proof,
      }).ok;
    case 'consistency':
      return verifyConsistency({
        size1: number('size1'),
        size2: number('size2'),
        root1: hash('root1'),
        root2: hash('root2'),
        proof,
      }).ok;
    case 'subtreeinclusion':
      return verifySubtreeInclusion({
        index: number('leafIdx'),
        start: number('start'),
        end: number('end'),
        leafHash: hash('leafHash'),
        root: hash('root'),
        proof,
      }).ok;
    case 'subtreeconsistency':
      return verifySubtreeConsistency({
        start: number('start'),
        end: number('end'),
        size: number('size'),
        subtreeRoot: hash('root1'),
        root: hash('root2'),
        proof,
      }).ok;
    default:
      throw new Error(`unknown kind ${vector['kind']}`);
  }
}

describe('published vectors', () => {
  const vectors = readVectors();
  test.skipIf(vectors.length === 0)('all 235 vectors of RFC 6962 proofs give the result wanted', () => {
    expect(vectors).toHaveLength(235);
    const wrong = vectors.filter((vector) => checkVector(vector) === vector.wantErr);
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

const tree = createNaiveTree(numberedEntries(300).map(naiveLeaf));
const reader: HashReader = (nodes) =>
  nodes.map(({ level, index }) => tree.hash(index * 2 ** level, (index + 1) * 2 ** level));

const flip = (hash: Uint8Array, bit: number) => {
  const copy = hash.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
};

describe('proofs', () => {
  test('consistency is proved and verified between all pairs of sizes up to 300 as RFC 6962 defines it', async () => {
    for (let size2 = 1; size2 <= 300; size2++) {
      for (let size1 = 1; size1 <= size2; size1++) {
        const proof = await proveConsistency(size1, size2, reader);
        expect(proof).toEqual(tree.consistency(size1, size2));
        const claim = { size1, size2, root1: tree.root(size1), root2: tree.root(size2), proof };
        if (!verifyConsistency(claim).ok) expect.fail(`${size1} to ${size2}`);
      }
    }
  }, 120_000);

  test('inclusion is proved and verified for every index of many sizes as RFC 6962 defines it', async () => {
    for (const size of [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100, 127, 128, 129, 255, 256, 257, 300]) {
      for (let index = 0; index < size; index++) {
        const proof = await proveInclusion(index, size, reader);
        expect(proof).toEqual(tree.inclusion(index, size));
        const claim = { index, size, leafHash: tree.hash(index, index + 1), root: tree.root(size), proof };
        if (!verifyInclusion(claim).ok) expect.fail(`${index} in ${size}`);
      }
    }
  });

  test('every subtree of a random tree is proved consistent with it', async () => {
    const subtree = fc
      .tuple(fc.integer({ min: 1, max: 300 }), fc.nat(299), fc.nat(299))
      .filter(([size, start, end]) => end <= size && isSubtree(BigInt(start), BigInt(end)));
    await fc.assert(
      fc.asyncProperty(subtree, async ([size, start, end]) => {
        const proof = await proveSubtreeConsistency({ start, end, size }, reader);
        const claim = { start, end, size, subtreeRoot: tree.hash(start, end), root: tree.root(size), proof };
        expect(verifySubtreeConsistency(claim)).toEqual({ ok: true });
        const wrongRoot = flip(claim.subtreeRoot, 9);
        expect(verifySubtreeConsistency({ ...claim, subtreeRoot: wrongRoot }).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test('a root is read from stored hashes for every size', async () => {
    for (let size = 0; size <= 300; size++)
      expect(await rootFromTiles(size, reader)).toEqual(tree.root(size));
  });

  test('an inclusion proof does not verify after any change to it', async () => {
    const cases = fc.record({
      size: fc.integer({ min: 2, max: 300 }),
      where: fc.nat(),
      bit: fc.nat(255),
      change: fc.constantFrom('element', 'leaf', 'root', 'drop', 'repeat', 'index', 'swap'),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ size, where, bit, change }) => {
        const index = where % size;
        const proof = await proveInclusion(index, size, reader);
        const at = where % proof.length;
        const claim = { index, size, leafHash: tree.hash(index, index + 1), root: tree.root(size), proof };
        const changed = {
          element: { ...claim, proof: proof.map((hash, i) => (i === at ? flip(hash, bit) : hash)) },
          leaf: { ...claim, leafHash: flip(claim.leafHash, bit) },
          root: { ...claim, root: flip(claim.root, bit) },
          drop: { ...claim, proof: proof.toSpliced(at, 1) },
          repeat: { ...claim, proof: proof.toSpliced(at, 0, proof[at] ?? claim.root) },
          index: { ...claim, index: index === 0 ? 1 : index - 1 },
          swap: { ...claim, leafHash: claim.root, root: claim.leafHash },
        }[change];
        expect(verifyInclusion(changed).ok).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  test('a consistency proof does not verify after any change to it', async () => {
    for (const [size1, size2] of [
      [1, 2],
      [3, 8],
      [6, 8],
      [100, 300],
      [256, 300],
    ] as const) {
      const proof = await proveConsistency(size1, size2, reader);
      const claim = { size1, size2, root1: tree.root(size1), root2: tree.root(size2), proof };
      expect(verifyConsistency({ ...claim, root1: flip(claim.root1, 3) }).ok).toBe(false);
      expect(verifyConsistency({ ...claim, root2: flip(claim.root2, 3) }).ok).toBe(false);
      expect(verifyConsistency({ ...claim, proof: [] }).ok).toBe(false);
      for (let i = 0; i < proof.length; i++) {
        const tampered = proof.map((hash, j) => (i === j ? flip(hash, i) : hash));
        expect(verifyConsistency({ ...claim, proof: tampered }).ok).toBe(false);
      }
    }
  });

  test('size 0 and numbers beyond 2^53−1 are refused by name, whatever the proof', () => {
    const root = tree.root(8);
    const claim = { leafHash: root, root, proof: [] };
    expect(verifyInclusion({ ...claim, index: 0, size: 0 })).toEqual({ ok: false, reason: 'sizeZero' });
    expect(verifyConsistency({ size1: 0, size2: 0, root1: root, root2: root, proof: [] })).toEqual({
      ok: false,
      reason: 'sizeZero',
    });
    for (const index of [2n ** 53n, 2n ** 64n - 1n, 2 ** 53, -1, 0.5, Number.NaN]) {
      const result = verifyInclusion({ ...claim, index, size: 2n ** 53n - 1n });
      expect(result).toEqual({ ok: false, reason: 'beyondSafeInteger' });
    }
  });

  test('hashes of other lengths and absurdly long proofs are refused', () => {
    const root = tree.root(1);
    const claim = { index: 0, size: 1, leafHash: root, root, proof: [] };
    expect(verifyInclusion(claim).ok).toBe(true);
    const short = new Uint8Array(31);
    expect(verifyInclusion({ ...claim, leafHash: short, root: short })).toMatchObject({
      reason: 'hashLength',
    });
    const long = Array.from({ length: 1_000_000 }, () => root);
    expect(verifyInclusion({ ...claim, proof: long })).toMatchObject({ reason: 'proofLength' });
  });
});
