import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { restoreLinks } from './restore-links.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bitacora-links-'));
  mkdirSync(join(folder, 'native/lib'), { recursive: true });
  writeFileSync(join(folder, 'native/lib/libpq.so.5.18'), 'library');
});
afterEach(() => rmSync(folder, { recursive: true }));

const listed = (...names: readonly string[]): void =>
  writeFileSync(
    join(folder, 'native/pg-symlinks.json'),
    JSON.stringify(
      names.map((name) => ({ source: 'native/lib/libpq.so.5.18', target: `native/lib/${name}` })),
    ),
  );

test('links that the install script did not make are made, and existing links stay', () => {
  listed('libpq.so', 'libpq.so.5');
  symlinkSync('elsewhere', join(folder, 'native/lib/libpq.so'));
  restoreLinks(folder);
  restoreLinks(folder);
  expect(readlinkSync(join(folder, 'native/lib/libpq.so'))).toBe('elsewhere');
  expect(readlinkSync(join(folder, 'native/lib/libpq.so.5'))).toBe('libpq.so.5.18');
  expect(readFileSync(join(folder, 'native/lib/libpq.so.5'), 'utf8')).toBe('library');
});

test('a package without a list of links needs no links', () => {
  expect(() => restoreLinks(folder)).not.toThrow();
});
