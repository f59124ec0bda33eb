import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { olderNode } from '../support/older-node.ts';
import { installRelease, tarballName, type InstalledRelease } from '../support/installed-release.ts';
import { readWorkspaces, root } from './workspaces.ts';

const key = 'installed-key-0123456789';
const published = readWorkspaces().filter((workspace) => !workspace.private);
const config = `import { accountingClosing } from '@bitacora/pack-accounting-closing';
import { condominium } from '@bitacora/pack-condominium';
import { library } from './packs/library/pack.ts';

export default { packs: [accountingClosing, condominium, library] };
`;

let release: InstalledRelease;
let server: ChildProcess | undefined;
let url = '';
/** Runs a shell command with the key of this server. */
const shell = (command: string): Promise<string> =>
  release.shell(command, { BITACORA_URL: url, BITACORA_API_KEY: key });

// When packages come from the registry no install script runs, so the server makes the links of PostgreSQL's libraries.
const others = process.env['BITACORA_FAULTS'] === 'full' ? 'registry' : 'linked';
beforeAll(async () => {
  release = await installRelease(others);
});

afterAll(async () => {
  server?.kill('SIGTERM');
  if (server?.exitCode === null) await once(server, 'exit');
  release?.remove();
});

test('SDK-30 a release is a tarball of every package that is not private, each after those it needs', () => {
  const names = release.tarballs.map((path) => basename(path));
  expect(names.toSorted()).toEqual(published.map(tarballName).toSorted());
  for (const { name, version, dependencies } of published)
    for (const other of published.filter((workspace) => workspace.name in dependencies))
      expect(names.indexOf(tarballName({ name, version })), `${name} after ${other.name}`).toBeGreaterThan(
        names.indexOf(tarballName(other)),
      );
});

test.each(published)(
  'SDK-30 the tarball of $name is complete, without sources and tests',
  ({ name, folder }) => {
    const installed = join(release.folder, 'node_modules', name);
    const files = readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    const strays = /\.test\.|^src\/|^bin\/|node_modules|\.map$|tsbuildinfo|(?<!\.d)\.ts$/;
    expect(files.filter((file) => strays.test(file))).toEqual([]);
    expect(JSON.stringify(manifestOf(name))).not.toMatch(/bitacora:source|\/src\/|devDependencies|prepack/);
    for (const assets of readdirSync(join(root, folder)).filter((each) => /^(migrations|pages)$/.test(each)))
      expect(readdirSync(join(installed, assets))).toEqual(readdirSync(join(root, folder, assets)));
  },
);

test('SDK-30 a program that imports an installed library or pack gets types, as ES module and as CommonJS', async () => {
  const use = `import { createClient } from '@bitacora/client';
import { definePack, testPack } from '@bitacora/pack-kit';
import { closingLogger } from '@bitacora/pack-accounting-closing';
import { condominium } from '@bitacora/pack-condominium';
export const all: readonly object[] = [createClient({ url: 'http://localhost', key: 'k' }), definePack, closingLogger];
export const problems: readonly string[] = testPack(condominium);
// @ts-expect-error a pack has a name
definePack({});
`;
  for (const file of ['use.mts', 'use.cts']) writeFileSync(join(release.folder, file), use);
  const compilerOptions = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: [] };
  writeFileSync(
    join(release.folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['use.mts', 'use.cts'] }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await expect(shell(`node ${tsc} -p .`)).resolves.toBe('');
});

test.for(['20.19.6', '24'])(
  'SDK-30 Node.js %s imports and requires every entry point of every library and pack',
  async (version, { skip }) => {
    const node = version === '24' ? process.execPath : await olderNode(version).catch(String);
    if (node.includes('rror')) return skip(`Node.js ${version} cannot be fetched: ${node}`);
    const doors = published
      .filter(({ name }) => !['@bitacora/server', '@bitacora/cli'].includes(name))
      .flatMap(({ name }) => Object.keys(manifestOf(name).exports).map((path) => name + path.slice(1)));
    expect(doors.length).toBeGreaterThan(20);
    const program = `for (const door of ${JSON.stringify(doors)}) {
      const [imported, required] = [await import(door), createRequire(import.meta.url)(door)];
      const missing = Object.keys(imported).filter((key) => !(key in required));
      if (missing.some((key) => key !== 'default' && key !== 'module.exports')) throw new Error(door + missing);
    }`;
    writeFileSync(
      join(release.folder, 'doors.mjs'),
      `import { createRequire } from 'node:module';\n${program}`,
    );
    await shell(`${node} doors.mjs`);
  },
);

test('on an older Node.js the command says which version it needs', async ({ skip }) => {
  const node = await olderNode('20.19.6').catch(String);
  if (node.includes('rror')) return skip(`Node.js 20 cannot be fetched: ${node}`);
  const said = await shell(`${node} node_modules/.bin/bitacora serve 2>&1 || echo "ended with $?"`);
  expect(said).toBe('bitacora: needs Node.js 24.7 or newer; this is 20.19.6\nended with 2\n');
});

test('F-10 F-01 bitacora serve starts on an embedded PostgreSQL, with packs by name and a pack in TypeScript', async () => {
  expect(await shell('npx bitacora --version')).toBe(`${published[0]?.version}\n`);
  expect(await shell('bitacora pack new library')).toBe('packs/library\n');
  writeFileSync(join(release.folder, 'bitacora.config.ts'), config);
  const refused = await shell('bitacora serve 2>&1 || echo "ended with $?"');
  expect(refused).toContain('name it bitacora.config.mts');
  expect(refused).toContain('ended with 2');
  renameSync(join(release.folder, 'bitacora.config.ts'), join(release.folder, 'bitacora.config.mts'));
  url = await serve();
  expect((await call('/v1/packs')).packs.map(({ name }: { name: string }) => name)).toEqual([
    'accounting-closing',
    'condominium',
    'library',
  ]);
  await shell('bitacora doctor');

  const secret = readFileSync(join(release.folder, '.bitacora/keys/owner-link'), 'utf8').trim();
  const link = await fetch(`${url}/app/link/${secret}`);
  expect(link.status).toBe(200);
  expect(await link.text()).toContain('<form');
  for (const page of ['/app/', '/app/page.css', '/app/reference', '/openapi.json'])
    expect((await fetch(url + page)).status, page).toBe(200);
});

test('events sent by curl are shown, verified and typed by their packs', async () => {
  const event = { action: 'invoice.approve', actor: { id: 'ana' }, target: { type: 'invoice', id: '1042' } };
  const post = `curl -sf -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json'`;
  const sent = await shell(`${post} ${url}/v1/events -d '${JSON.stringify(event)}'`);
  expect(JSON.parse(sent)).toMatchObject({ accepted: 1, rejected: 0 });
  await shell(`${post} ${url}/v1/packs/library/open -d '{"user": "lia", "document": "d7"}'`);
  expect(await shell('bitacora search actor:ana')).toMatch(/ana +invoice\.approve +invoice\/1042/);
  expect(await shell('bitacora search actor:lia')).toMatch(/lia +document\.open +document\/d7/);
  await shell(`${post} ${url}/v1/tlog/default/key > default.vkey`);
  expect(await shell('bitacora verify --ledger default --vkey @default.vkey')).toMatch(
    /entries are as signed/,
  );
  await shell('bitacora codegen --out audit-events.ts && bitacora codegen --out audit-events.ts --check');
  expect(readFileSync(join(release.folder, 'audit-events.ts'), 'utf8')).toContain("'document.open': ");
});

test('rows of a file are imported, and changes of a database are captured', async () => {
  writeFileSync(join(release.folder, 'doors.csv'), 'when,who\n2026-03-01T09:00:00Z,eva\n');
  writeFileSync(
    join(release.folder, 'doors.yaml'),
    "name: doors\nversion: 1\nevents:\n  - action: door.open\n    occurredAt: { date: '{when}' }\n    actor: { id: '{who}' }\n",
  );
  expect(await shell('bitacora import doors.csv --map doors.yaml')).toContain('1 accepted');

  const database = superuserUrl();
  const client = new pg.Client(database);
  await client.connect();
  await client.query('create database shop');
  await client.end();
  const shop = database.replace(/\/[^/]*$/, '/shop');
  const host = new pg.Client(shop);
  await host.connect();
  await host.query('create table booking (id int primary key, state text)');
  const capture = `bitacora capture --database-url ${shop}`;
  const captured = (rest: string): Promise<string> => shell(capture.replace('capture', `capture ${rest}`));
  expect(await captured('install --table booking')).toContain('booking: captured');
  await host.query("insert into booking values (1, 'new')");
  await host.end();
  expect(await captured('forward --once')).toBe('1 sent, 0 rejected, 0 not taken\n');
  expect(await shell('bitacora search action:booking.create')).toContain('booking/1');
});

test('SIGTERM ends the command and its server', async () => {
  server?.kill('SIGTERM');
  if (server?.exitCode === null) await once(server, 'exit');
  expect(server?.exitCode).toBe(0);
});

function manifestOf(name: string): { exports: object } {
  return JSON.parse(readFileSync(join(release.folder, 'node_modules', name, 'package.json'), 'utf8'));
}

/** Starts the server in the folder and returns its URL. */
async function serve(): Promise<string> {
  const env = { ...release.environment, BITACORA_PORT: '0', BITACORA_ADMIN_KEY: key };
  const child = spawn('bitacora', ['serve'], { cwd: release.folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  server = child;
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => [child.exitCode, said]).toEqual([null, expect.stringContaining('API reference')]);
  expect(said).toMatch(/Make the first owner, once: \S+\/app\/link\//);
  return /listens on (http:\S+)/.exec(said)?.[1] ?? '';
}

async function call(path: string): Promise<any> {
  return (await fetch(url + path, { headers: { authorization: `Bearer ${key}` } })).json();
}

/** URL of the embedded database, which is also the host's database here. */
function superuserUrl(): string {
  const kept = (path: string): string => readFileSync(join(release.folder, '.bitacora', path), 'utf8').trim();
  const port = kept('postgres/postmaster.pid').split('\n')[3];
  const password = Buffer.from(kept('keys/postgres-superuser'), 'base64url').toString('hex');
  return `postgres://postgres:${password}@127.0.0.1:${port}/bitacora`;
}
