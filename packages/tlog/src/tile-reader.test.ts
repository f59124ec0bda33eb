import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createNaiveTree, naiveLeaf } from '../test-kit/naive-tree.ts';
import { nodeSha256, numberedEntries, publish } from '../test-kit/published-ledger.ts';
import { proveConsistency, proveInclusion, rootFromTiles } from './prove.ts';
import { tilePath } from './tile-path.ts';
import { createTileReader } from './tile-reader.ts';
import { tilesForSize } from './tiles-for-size.ts';
import { type HashTile } from './tile.ts';

const entries = numberedEntries(70_000);
const naive = createNaiveTree(entries.map(naiveLeaf));
const sizes = [1, 200, 256, 257, 5_000, 65_536, 65_700, 70_000];
const { files } = await publish(entries, sizes);
const fetchTile = (tile: HashTile) => files.get(tilePath(tile));
const plain = (hashes: readonly Uint8Array[]) => hashes.map((hash) => Buffer.from(hash).toString('hex'));

test('a tree that grows step by step makes every tile that each size needs', () => {
  for (const size of sizes) {
    const missing = [...tilesForSize(size)].filter(
      (tile) => files.get(tilePath(tile))?.length !== tile.width * 32,
    );
    expect(missing).toEqual([]);
  }
});

test('roots, inclusion and consistency proofs built from tiles are those of RFC 6962', async () => {
  const pick = fc.record({ size2: fc.constantFrom(...sizes), a: fc.nat(), b: fc.nat() });
  await fc.assert(
    fc.asyncProperty(pick, async ({ size2, a, b }) => {
      const reader = createTileReader(fetchTile, { size: size2, sha: nodeSha256 });
      const index = a % size2;
      const size1 = (b % size2) + 1;
      expect(plain([await rootFromTiles(size2, reader)])).toEqual(plain([naive.root(size2)]));
      expect(plain(await proveInclusion(index, size2, reader))).toEqual(plain(naive.inclusion(index, size2)));
      expect(plain(await proveConsistency(size1, size2, reader))).toEqual(
        plain(naive.consistency(size1, size2)),
      );
    }),
    { numRuns: 150 },
  );
});

test('a proof fetches each tile once, and uses the full tile when the partial one was deleted', async () => {
  const asked: string[] = [];
  const reader = createTileReader(
    (tile) => {
      asked.push(tilePath(tile));
      return tile.width === 256 ? fetchTile(tile) : undefined;
    },
    { size: 200, sha: nodeSha256 },
  );
  expect(plain(await proveInclusion(3, 200, reader))).toEqual(plain(naive.inclusion(3, 200)));
  expect(asked).toEqual(['tile/0/000.p/200', 'tile/0/000']);
});

test('a missing tile and a tile of the wrong length are reported with their path', async () => {
  const missing = createTileReader(() => undefined, { size: 300 });
  await expect(proveInclusion(0, 300, missing)).rejects.toThrow('tile/0/000');
  const short = createTileReader(() => new Uint8Array(31), { size: 300 });
  await expect(rootFromTiles(300, short)).rejects.toThrow('missing or malformed');
});
