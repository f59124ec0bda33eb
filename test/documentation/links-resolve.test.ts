import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { filesBelow } from '../support/files-below.ts';

const root = new URL('../../', import.meta.url);
const pages = ['README.md', 'ARCHITECTURE.md', ...pagesBelow('docs/')];

test('every relative link of the documentation leads to a file and, where it names one, to a heading', () => {
  expect(pages.length).toBeGreaterThan(10);
  const links = pages.flatMap(linksOf);
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter(({ page, target }) => !resolves(page, target))).toEqual([]);
});

test('a link to a missing file or heading is reported', () => {
  expect(resolves('README.md', 'docs/guides/none.md')).toBe(false);
  expect(resolves('README.md', 'docs/guides/proving.md#no-such-heading')).toBe(false);
  expect(resolves('README.md', 'docs/guides/proving.md#what-cannot-be-found')).toBe(true);
});

function pagesBelow(folder: string): string[] {
  return filesBelow(root, folder).filter((path) => path.endsWith('.md'));
}

function linksOf(page: string): { page: string; target: string }[] {
  const text = readFileSync(new URL(page, root), 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => ({ page, target: target ?? '' }))
    .filter(({ target }) => !/^[a-z]+:/.test(target));
}

function resolves(page: string, target: string): boolean {
  const [path = '', heading] = target.split('#');
  const file = path === '' ? new URL(page, root) : new URL(path, new URL(page, root));
  if (!existsSync(file)) return false;
  return heading === undefined || anchorsOf(readFileSync(file, 'utf8')).includes(heading);
}

/** The anchor of a heading as the usual renderers make it: lower case, no punctuation, dashes for spaces. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
