import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testPack, type AnyPack } from '@bitacora/pack-kit';
import { expect, test } from 'vitest';
import { packTemplate } from './pack-template.ts';

test('the pack that `pack new` writes holds, and its declaration has at most 60 lines', async () => {
  const files = packTemplate('lost-and-found-2');
  expect(Object.keys(files)).toEqual(['package.json', 'pack.ts', 'pack.test.ts']);
  expect(files['pack.ts']?.split('\n').length).toBeLessThanOrEqual(61);
  // Inside the workspace, so that the written file finds pack-kit.
  const folder = await mkdtemp(join(import.meta.dirname, '../.pack-new-'));
  try {
    await writeFile(join(folder, 'pack.ts'), files['pack.ts'] ?? '');
    const written: { lostAndFound2: AnyPack } = await import(join(folder, 'pack.ts'));
    expect(testPack(written.lostAndFound2)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
