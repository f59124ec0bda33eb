import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testPack, type AnyPack } from '@bitacora/pack-kit';
import { expect, test } from 'vitest';
import { packTemplate, variableOf } from './pack-template.ts';

test('F-01 the pack that `pack new` writes passes testPack, with a route, a rule, a report and a view in at most 60 lines', async () => {
  const files = packTemplate('lost-and-found-2');
  expect(Object.keys(files)).toEqual(['package.json', 'pack.ts', 'pack.test.ts']);
  expect(files['pack.ts']?.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  // The folder is inside the workspace, so that the written file finds pack-kit.
  const folder = await mkdtemp(join(import.meta.dirname, '../.pack-new-'));
  try {
    for (const name of ['lost-and-found-2', 'class', 'define-pack', 'say'])
      await writeFile(join(folder, `${name}.ts`), packTemplate(name)['pack.ts'] ?? '');
    for (const name of ['lost-and-found-2', 'class', 'define-pack', 'say']) {
      const module: Record<string, AnyPack> = await import(join(folder, `${name}.ts`));
      const pack = module[variableOf(name)];
      expect(pack?.name).toBe(name);
      expect(pack && testPack(pack)).toEqual([]);
      expect([pack?.routes, Object.keys(pack?.rules ?? {})].map((part) => part?.length)).toEqual([1, 1]);
      expect([pack?.reports, pack?.views].map((part) => Object.keys(part ?? {}).length)).toEqual([1, 1]);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
