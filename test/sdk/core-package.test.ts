import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { olderNode } from '../support/older-node.ts';
import { otherRuntime } from '../support/other-runtime.ts';
import { startScriptedServer } from '../support/scripted-server.ts';
import { patienceMs } from '../support/wait-until.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const sizeMaxBytes = 30 * 1_024;

let host: string;
let installed: string;
beforeAll(async () => {
  host = mkdtempSync(join(tmpdir(), 'bitacora-host-'));
  const { stdout } = await run(process.execPath, [
    join(root, 'scripts/pack-packages.mjs'),
    join(host, 'packed'),
    '@bitacora/sdk',
  ]);
  writeFileSync(join(host, 'package.json'), '{ "name": "host", "private": true }');
  // The dependencies of `@bitacora/tlog` come from the checkout too, because npm's cache has no list of versions after `npm ci`.
  const theirs = ['curves', 'hashes'].map((name) => join(root, 'node_modules/@noble', name));
  const packed = await run('npm', ['pack', '--json', ...theirs, '--pack-destination', host]);
  const files: { filename: string }[] = JSON.parse(packed.stdout);
  const tarballs = [...stdout.trim().split('\n'), ...files.map(({ filename }) => join(host, filename))];
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', ...tarballs], { cwd: host });
  installed = join(host, 'node_modules/@bitacora/sdk');
});
afterAll(() => rmSync(host, { recursive: true, force: true }));

const uses = `
const failed = [];
process.on('warning', (warning) => { if (warning.code !== 'BITACORA_AUDIT_TWICE') failed.push(String(warning)); else twice++; });
let twice = 0;
const options = { url: process.env.URL, key: 'k', batchAfterMs: 5, spool: { directory: process.env.SPOOL }, modeOf: { 'a.durable': 'durable', 'a.strict': 'strict' } };
const audit = createAudit(options);
const again = other.createAudit({ ...options });
const events = ['a.best', 'a.durable', 'a.strict'].map((action) => ({ action, actor: { id: 'ana' } }));
const states = (await Promise.all(events.map((event) => audit.capture(event)))).map((receipt) => receipt?.state);
const { delivered, pending } = await audit.close();
await new Promise((resolve) => setTimeout(resolve, 10));
console.log(JSON.stringify({ states, delivered, pending, same: again === audit, twice, failed, node: process.version }));
`;

const otherUse = `
import { createAudit, withContext } from '@bitacora/sdk';
const options = { url: process.env.URL, key: 'k', batchAfterMs: 5, spool: { directory: process.env.SPOOL } };
const audit = createAudit({ ...options, modeOf: { 'a.durable': 'durable', 'a.strict': 'strict' } });
const capture = () => Promise.all(['a.best', 'a.durable', 'a.strict'].map((action) => audit.capture({ action })));
const states = (await withContext({ actor: { id: 'ana' } }, capture)).map((receipt) => receipt?.state);
const { delivered, pending } = await audit.close();
console.log(JSON.stringify({ states, delivered, pending }));
`;

test.for(['20.19.6', '22.23.3', '24'])(
  'SDK-30 SDK-1 the packed tarball works on Node.js %s as ES module and as CommonJS, and both share one audit',
  async (version, { skip }) => {
    const node = version === '24' ? process.execPath : await olderNode(version).catch(String);
    if (node.includes('rror')) return skip(`Node.js ${version} cannot be fetched: ${node}`);
    writeFileSync(
      join(host, 'esm.mjs'),
      `import { createAudit } from '@bitacora/sdk';\nimport { createRequire } from 'node:module';\nconst other = createRequire(import.meta.url)('@bitacora/sdk');\n${uses}`,
    );
    writeFileSync(
      join(host, 'cjs.cjs'),
      `const { createAudit } = require('@bitacora/sdk');\nimport('@bitacora/sdk').then(async (other) => {${uses}});`,
    );
    const server = await startScriptedServer();
    for (const program of ['esm.mjs', 'cjs.cjs']) {
      const { stdout } = await run(node, [program], {
        cwd: host,
        env: { ...process.env, URL: server.url, SPOOL: join(host, `spool-${version}`) },
      });
      expect(JSON.parse(stdout)).toEqual({
        states: [null, 'spooled', 'sequenced'],
        delivered: 3,
        pending: 0,
        same: true,
        twice: 1,
        failed: [],
        node: expect.stringContaining(`v${version}`),
      });
    }
    await runAllDoors(node);
    server.close();
  },
);

test.runIf(process.env['BITACORA_FAULTS'] === 'full').for(['Bun', 'Deno'] as const)(
  'SDK-30 the packed tarball works on %s',
  async (runtime, { skip }) => {
    const found = await otherRuntime(runtime).catch(String);
    if (typeof found === 'string') return skip(`${runtime} cannot be fetched: ${found}`);
    const [command, ...first] = found;
    writeFileSync(join(host, 'other.mjs'), otherUse);
    const server = await startScriptedServer();
    const env = { ...process.env, URL: server.url, SPOOL: join(host, `spool-${runtime}`) };
    const { stdout } = await run(command, [...first, 'other.mjs'], {
      cwd: host,
      env,
      timeout: 5 * patienceMs,
    });
    expect(JSON.parse(stdout)).toEqual({
      states: [null, 'spooled', 'sequenced'],
      delivered: 3,
      pending: 0,
    });
    expect(server.batches.flat().map(({ actor }) => actor.id)).toEqual(['ana', 'ana', 'ana']);
    server.close();
  },
);

/** Every entry point loads as ES module and as CommonJS without any framework installed. */
async function runAllDoors(node: string): Promise<void> {
  const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const names = Object.keys(exports).map((path) => `@bitacora/sdk${path.slice(1)}`);
  const program = `const names = ${JSON.stringify(names)};
    Promise.all(names.map((name) => import(name))).then((esm) => esm.forEach((door, i) => {
      const missing = Object.keys(door).filter((key) => !(key in require(names[i])));
      if (missing.some((key) => key !== 'default' && key !== 'module.exports')) throw new Error(names[i] + ': ' + missing);
    }));`;
  writeFileSync(join(host, 'doors.cjs'), program);
  await run(node, ['doors.cjs'], { cwd: host });
}

test('SDK-30 hosts get types, as ES module and as CommonJS', async () => {
  const use = (line: string): string =>
    `${line}\nconst audit: Audit = createAudit({ url: 'http://localhost', key: 'k' });\nvoid audit.capture({ action: 'a.b' });\n// @ts-expect-error an action is needed\nvoid audit.capture({});\n`;
  writeFileSync(join(host, 'use.mts'), use("import { createAudit, type Audit } from '@bitacora/sdk';"));
  writeFileSync(join(host, 'use.cts'), use("import { createAudit, type Audit } from '@bitacora/sdk';"));
  const compilerOptions = {
    module: 'nodenext',
    strict: true,
    noEmit: true,
    types: ['node'],
    target: 'es2022',
    typeRoots: [join(root, 'node_modules/@types')],
  };
  writeFileSync(
    join(host, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['use.mts', 'use.cts'] }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await expect(run(process.execPath, [tsc, '-p', host])).resolves.toMatchObject({ stdout: '' });
});

test('SDK-30 at most two packages are needed at run time, and the main entry has at most 30 KB, minified and gzipped', async () => {
  const { dependencies, version, publishConfig } = JSON.parse(
    readFileSync(join(installed, 'package.json'), 'utf8'),
  );
  expect(Object.keys(dependencies)).toEqual(['@bitacora/event', '@bitacora/tlog']);
  expect(publishConfig).toEqual({ access: 'public', provenance: true });
  const reporter = readFileSync(join(installed, 'dist/send/source-reporter.js'), 'utf8');
  expect(reporter).toContain(`@bitacora/sdk ${version}`);
  const all = loadedFrom(join(installed, 'dist/index.js'));
  // Only watching a ledger needs the code of the tree.
  expect([...all].filter((file) => /tlog|noble/.test(relative(host, file)))).toEqual([]);
  const [door, functions] = await Promise.all([
    bundledBytes('@bitacora/sdk'),
    bundledBytes('@bitacora/sdk/functions'),
  ]);
  console.log(
    `${all.size} files; minified and gzipped: the main door ${door} bytes, functions alone ${functions} bytes`,
  );
  expect(door).toBeLessThanOrEqual(sizeMaxBytes);
});

/** The minified and gzipped size, as bundlers count it. */
async function bundledBytes(door: string): Promise<number> {
  const input = join(host, `bundle-${door.replaceAll('/', '-')}.mjs`);
  writeFileSync(input, `export * from '${door}';`);
  const bundle = await rolldown({ input, platform: 'node' });
  const { output } = await bundle.generate({ minify: true });
  return gzipSync(output.map((chunk) => ('code' in chunk ? chunk.code : '')).join('')).length;
}

test('SDK-30 the tarball holds no sources, no tests and no packages', () => {
  const list = execFileSync('tar', ['tzf', join(host, 'packed/bitacora-sdk-0.1.0.tgz')], {
    encoding: 'utf8',
  });
  const strays = list
    .split('\n')
    .filter((path) => /\.test\.|\/src\/|node_modules|\.map$|tsbuildinfo|(?<!\.d)\.ts$/.test(path));
  expect(strays).toEqual([]);
});

/** All modules that a module imports, also those of `@bitacora/event`. */
function loadedFrom(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/from ['"]([^'"]+)['"]/g)) {
    if (name.startsWith('.')) loadedFrom(join(dirname(file), name), found);
    else if (name.startsWith('@bitacora/'))
      loadedFrom(join(host, 'node_modules', name, 'dist/index.js'), found);
    else expect(name, relative(host, file)).toMatch(/^node:/);
  }
  return found;
}
