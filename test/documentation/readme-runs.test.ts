import { readFileSync, readdirSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHostDatabase } from '../support/host-database.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { codeBlocks } from './code-blocks.ts';
import { createReader } from './run-block.ts';
import { differsFromShown } from './shown-text.ts';

const root = new URL('../../', import.meta.url);
const guides = readdirSync(new URL('docs/guides/', root)).filter((name) => name.endsWith('.md'));
/** The IDs of the guides with which a host's developer starts. */
const firstGuides = ['five-minutes.md', 'coming-from-retraced-or-workos.md'];
const pointOf = (name: string): string => (firstGuides.includes(name) ? 'SDK-32 ' : '');
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.dispose());

test('the first screen of the README runs and prints what it shows', async () => {
  const blocks = codeBlocks(read('README.md'));
  const runs = blocks.filter(({ info }) => info === 'sh readme-runs');
  const shows = blocks.filter(({ info }) => info === 'text readme-shows');
  expect([runs.length, shows.length]).toEqual([1, 1]);
  const reader = createReader(server);
  try {
    const [block] = runs;
    const printed = block ? await reader.run(block) : '';
    expect(differsFromShown(shows[0]?.code ?? '', printed)).toBeUndefined();
  } finally {
    reader.dispose();
  }
});

test('there is at least one guide', () => expect(guides.length).toBeGreaterThanOrEqual(7));

test.each(guides.map((name) => [pointOf(name), name]))(
  '%severy command of %s runs, and prints what the page shows',
  async (_point, name = '') => {
    const other = await startTestServer();
    const databaseUrl = await createHostDatabase(other.superuserUrl(), 'host');
    // This page is run exactly as a new user runs it.
    const briefNpx = name !== 'five-minutes.md';
    const reader = createReader({ url: other.url, key: other.key, databaseUrl, briefNpx });
    try {
      let printed: string | undefined;
      let ran = 0;
      for (const block of codeBlocks(read(`docs/guides/${name}`))) {
        if (/^(sh|python) runs$/.test(block.info)) {
          printed = await reader.run(block).catch((error: unknown) => {
            throw new Error(`docs/guides/${name}:${block.line}: ${String(error)}`);
          });
          ran++;
        } else if (block.info.startsWith('sql runs as ')) {
          const login = block.info.slice('sql runs as '.length);
          await runSql(other, { login, sql: block.code });
        } else if (block.info === 'text shows') {
          const differs = differsFromShown(block.code, printed ?? '');
          expect(differs && `docs/guides/${name}:${block.line}\n${differs}\n${other.log()}`).toBeUndefined();
        }
      }
      expect(ran).toBeGreaterThan(0);
    } finally {
      reader.dispose();
      await other.dispose();
    }
  },
);

test('a text that differs from the printed one fails the check', () => {
  expect(differsFromShown('ok: … entries\n', 'ok: 5 entries\n')).toBeUndefined();
  expect(differsFromShown('a  …  c\n', 'a     b   c\n')).toBeUndefined();
  expect(differsFromShown('…\nlast\n', 'one\ntwo\nlast\n')).toBeUndefined();
  expect(differsFromShown('ok: … entries\n', 'ok: 5 entries\nbut\n')).toContain('printed');
  expect(differsFromShown('a.c\n', 'abc\n')).toContain('printed');
});

/** Runs SQL as the superuser of the embedded database, or as a login that an earlier block has created. */
async function runSql(other: TestServer, { login, sql }: { login: string; sql: string }): Promise<void> {
  const url = new URL(other.superuserUrl());
  if (login !== 'administrator') {
    url.username = login;
    url.password = 'choose-one';
  }
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    const { rows } = await client.query(sql);
    if (login !== 'administrator') expect(rows.length).toBeGreaterThan(0);
  } finally {
    await client.end();
  }
}

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}
