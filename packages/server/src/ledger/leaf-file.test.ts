import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createLeafFile } from './leaf-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'bitacora-leaves-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const path = join(folder, 'checkpoints', 'test.leaves');

test('the leaf hash of an index lies at 32 times the index; stored hashes are never overwritten, and holes are zeros', async () => {
  const file = createLeafFile(folder);
  await file.keep('test', 0, [hash(1), hash(2)]);
  await file.keep('test', 1, [hash(9), hash(3)]);
  await file.keep('test', 5, [hash(6)]);
  await file.keep('test', 0, [hash(7)]);
  const kept = readFileSync(path);
  expect([...Array(6).keys()].map((n) => kept[n * 32])).toEqual([1, 2, 3, 0, 0, 6]);
  expect(kept).toHaveLength(6 * 32);
});

test('a hash that a crash cut off is written again', async () => {
  const file = createLeafFile(folder);
  await file.keep('test', 0, [hash(1), hash(2)]);
  truncateSync(path, 40);
  await file.keep('test', 1, [hash(2), hash(3)]);
  expect(readFileSync(path)).toEqual(Buffer.concat([hash(1), hash(2), hash(3)]));
});
