import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { foldersIn, root } from './workspaces.ts';

const skippedFolders = new Set(['node_modules', 'dist', '.bitacora']);
const packs = foldersIn('packs').map((folder) => basename(folder));

test('nothing in packages/ names a pack', () => {
  const naming = sourcesIn('packages').filter((path) =>
    packs.some((pack) => names(readFileSync(join(root, path), 'utf8'), pack)),
  );
  expect(naming).toEqual([]);
});

test('the search reads every kind of source file, and the packs whose names it searches exist', () => {
  const sources = sourcesIn('packages');
  expect(sources).toContain('packages/event/src/index.ts');
  expect(sources).toContain('packages/server/package.json');
});

test.each([
  ["import { travel } from '../../../packs/travel/pack.ts';", true],
  ["import { travel } from '@bitacora/pack-travel';", true],
  ["if (pack === 'travel') return;", true],
  ['const path = `/v1/packs/travel`;', true],
  ['{ "travel": "0.1.0" }', true],
  ['Events travel from the host to the ledger.', false],
  ["const word = 'travelling';", false],
])('%s names the pack travel: %s', (source, named) => {
  expect(names(source, 'travel')).toBe(named);
});

/** A pack's name is often an English word, so only a name in quotes or in a path counts. */
function names(source: string, pack: string): boolean {
  return new RegExp(`(['"\`/]|@bitacora/(pack-)?)${pack}['"\`/]`).test(source);
}

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return skippedFolders.has(entry.name) ? [] : sourcesIn(path);
    return /\.(ts|tsx|mts|js|mjs|json|sql|yaml|yml|md|html|css)$/.test(entry.name) ? [path] : [];
  });
}
