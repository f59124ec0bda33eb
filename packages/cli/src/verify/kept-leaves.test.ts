import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CliError } from '../cli-error.ts';
import { keptLeaves } from './kept-leaves.ts';

const folder = mkdtempSync(join(tmpdir(), 'bitacora-kept-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('leaf hashes are read across windows; in holes and after the end there are none', () => {
  const path = join(folder, 'x.leaves');
  const count = 70_000;
  const bytes = Buffer.alloc(count * 32 + 7);
  for (let n = 0; n < count; n++) bytes.writeUInt32LE(n, n * 32);
  writeFileSync(path, bytes);
  const { keptLeaf, close } = keptLeaves(path);
  for (const n of [1, 32_767, 32_768, 69_999, 5]) {
    expect(Buffer.from(keptLeaf(n) ?? []).readUInt32LE(0)).toBe(n);
  }
  expect([0, count, count + 1_000].map((n) => keptLeaf(n))).toEqual([undefined, undefined, undefined]);
  close();
});

test('a missing file is reported', () => {
  expect(() => keptLeaves(join(folder, 'none'))).toThrow(CliError);
});
