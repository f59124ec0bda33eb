// Builds and packs what hosts install: `node scripts/pack-packages.mjs DIRECTORY` writes tarballs of @bitacora/event,
// @bitacora/tlog and @bitacora/sdk into it and prints their paths. ES modules and CommonJS, with types for both; the sources stay here.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const packages = ['event', 'tlog', 'sdk'];

const out = resolve(process.argv[2] ?? '.');
const building = mkdtempSync(join(tmpdir(), 'bitacora-pack-'));
try {
  mkdirSync(out, { recursive: true });
  for (const name of packages) {
    build(name);
    const [packed] = JSON.parse(
      execFileSync(npm, ['pack', join(building, name), '--json', '--pack-destination', out], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        cwd: building,
      }),
    );
    console.log(join(out, packed.filename));
  }
} finally {
  rmSync(building, { recursive: true, force: true });
}

function build(name) {
  const from = join(root, 'packages', name);
  const to = join(building, name);
  const dist = join(to, 'dist');
  compile(name, { outDir: dist, removeComments: true });
  compile(name, { outDir: dist, declaration: true, emitDeclarationOnly: true });
  const cjs = join(dist, 'cjs');
  const commonJs = { module: 'commonjs', moduleResolution: 'bundler', verbatimModuleSyntax: false };
  compile(name, { ...commonJs, outDir: cjs, removeComments: true });
  for (const file of readdirSync(dist, { recursive: true }))
    if (file.endsWith('.d.ts') && !file.startsWith('cjs')) copy(join(dist, file), join(cjs, file));
  writeFileSync(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
  const { devDependencies: _dev, ...description } = JSON.parse(
    readFileSync(join(from, 'package.json'), 'utf8'),
  );
  const exported = Object.fromEntries(
    Object.entries(description.exports).map(([path, { types, default: main }]) => [path, both(types, main)]),
  );
  const packed = {
    ...description,
    main: './dist/cjs/index.js',
    types: './dist/index.d.ts',
    exports: exported,
  };
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(packed, null, 2)}\n`);
  copy(join(from, 'README.md'), join(to, 'README.md'));
  copy(join(root, 'LICENSE'), join(to, 'LICENSE'));
}

function both(types, main) {
  const inCjs = (path) => path.replace('./dist/', './dist/cjs/');
  return {
    import: { types, default: main },
    require: { types: inCjs(types), default: inCjs(main) },
  };
}

function compile(name, options) {
  const from = join(root, 'packages', name);
  const config = join(building, `${name}.json`);
  const compilerOptions = {
    ...{ rootDir: join(from, 'src'), composite: false, incremental: false, customConditions: [] },
    ...{ declaration: false, declarationMap: false, sourceMap: false, tsBuildInfoFile: null },
    ...{ typeRoots: [join(root, 'node_modules/@types')], stripInternal: true },
    paths: {
      '@bitacora/event': [join(building, 'event/dist/index.d.ts')],
      '@bitacora/tlog': [join(building, 'tlog/dist/index.d.ts')],
    },
    ...options,
  };
  const include = [join(from, 'src/**/*.ts')];
  const text = { extends: join(from, 'tsconfig.json'), compilerOptions, include, references: [] };
  writeFileSync(config, JSON.stringify({ ...text, exclude: [join(from, 'src/**/*.test.ts')] }));
  execFileSync(process.execPath, [tsc, '-p', config], { stdio: 'inherit' });
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}
