import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { filesBelow } from '../support/files-below.ts';

const root = new URL('../../', import.meta.url);
const list = 'docs/planned.md';
const rows = rowsOf(read(list));
const sources = sourceFiles().map(read);

test('every name in docs/planned.md stands in the sources', () => {
  expect(rows.length).toBeGreaterThan(10);
  expect(rows.filter(({ text }) => !sources.some((source) => source.includes(text)))).toEqual([]);
});

test('the permissions in docs/planned.md are exactly those that no route and no room requires', () => {
  const table = /permissionTable = \{([\s\S]*?)\n\} as const/.exec(sources.join('\n'))?.[1] ?? '';
  const permissions = [...table.matchAll(/^ {2}'?([a-z.]+)'?: '/gm)].map(([, name = '']) => name);
  expect(permissions.length).toBeGreaterThan(5);
  const asked = new Set(sources.flatMap(askedFor));
  const planned = rows.flatMap(({ name }) => /^permission `(.+)`$/.exec(name)?.[1] ?? []);
  expect(planned.toSorted()).toEqual(permissions.filter((name) => !asked.has(name)).toSorted());
});

test("no address in docs/planned.md is one of the API's addresses", () => {
  const api = read('docs/reference/api.md');
  const addresses = rows.flatMap(({ name }) => name.match(/\/v1\/[a-z/{}]+/g) ?? []);
  expect(addresses).not.toEqual([]);
  expect(addresses.filter((address) => api.includes(`\`${address}`))).toEqual([]);
});

test('no source of entries in docs/planned.md occurs in an answer of the server', () => {
  const planned = rows.flatMap(({ name }) => /^`source`: `(.+)`$/.exec(name)?.[1] ?? []);
  expect(planned).toEqual(['archive', 'mixed']);
  expect(planned.filter((name) => sources.some((text) => text.includes(`source: '${name}'`)))).toEqual([]);
  expect(sources.some((text) => text.includes("source: 'postgres'"))).toBe(true);
});

/** The permissions that routes and rooms require of a caller. */
function askedFor(source: string): string[] {
  return [...source.matchAll(/(?:\bpermission: |requirePermission\([^,()]+, )'([a-z.]+)'/g)].map(
    ([, name = '']) => name,
  );
}

function rowsOf(page: string): { name: string; text: string }[] {
  return [...page.matchAll(/^\| (.+?) +\| `(.+?)` +\| .+\|$/gm)].map(([, name = '', text = '']) => ({
    name,
    text,
  }));
}

function sourceFiles(): string[] {
  const inFolders = ['packages/', 'packs/', 'docs/guides/']
    .flatMap((folder) => filesBelow(root, folder))
    .filter((path) => /\.(ts|sql|md)$/.test(path) && !path.endsWith('.test.ts'));
  return ['README.md', ...inFolders];
}

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}
