import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../', import.meta.url);
const text = readFileSync(new URL('ARCHITECTURE.md', root), 'utf8');
const named = [...text.matchAll(/`((?:packages|scripts|test|docs)\/[\w./-]+)`/g)].map(
  ([, path]) => path ?? '',
);

test('every path that ARCHITECTURE.md names exists', () => {
  expect(named.length).toBeGreaterThan(25);
  expect(named.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
});

test('every package and every room of the server is on the page', () => {
  const folders = (path: string): string[] =>
    readdirSync(new URL(path, root), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${path}${entry.name}`);
  const missing = [...folders('packages/'), ...folders('packages/server/src/')].filter(
    (folder) => !text.includes(folder),
  );
  // The page describes storage only in the table, because an event passes through none of its files alone.
  expect(missing.filter((folder) => folder !== 'packages/server/src/storage')).toEqual([]);
});

test('every table of the schema is on the page', () => {
  const migrations = new URL('packages/server/migrations/', root);
  const sql = readdirSync(migrations)
    .map((name) => readFileSync(new URL(name, migrations), 'utf8'))
    .join('\n');
  const tables = [...sql.matchAll(/create table (\w+)/g)].map(([, table]) => table ?? '');
  const administrative = ['tenant', 'ledger', 'api_key', 'directory', 'heartbeat', 'sql_auditor'];
  expect(tables.filter((table) => !administrative.includes(table) && !text.includes(`\`${table}\``))).toEqual(
    [],
  );
});
