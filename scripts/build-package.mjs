import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** What is part of a host, however old its build: CommonJS too. The rest Node.js 20.19 can `require` as it is. */
const inBothWays = ['@bitacora/event', '@bitacora/tlog', '@bitacora/sdk'];
/** `node:crypto` has argon2 from here on. Libraries run on whatever their package.json says. */
const programsRunOn = '>=24.7';
const programs = ['@bitacora/server', '@bitacora/cli'];

/**
 * Compiles one package into `building/NAME/dist` and writes its package.json: ES modules with types, and CommonJS where
 * hosts may need it. What is in one way only keeps its comments, because stack traces lead there.
 *
 * @param one an element of `releasedPackages`; what it needs is built already
 */
export async function buildPackage(one, { root, building, released }) {
  const dist = join(building, one.name, 'dist');
  const compile = compiler(one, { root, building, released });
  if (inBothWays.includes(one.name)) await compileBothWays(compile, dist);
  else await compile('modules', { outDir: dist, declaration: true });
  const text = JSON.stringify(packedManifest(one), null, 2);
  writeFileSync(join(building, one.name, 'package.json'), `${text}\n`);
}

async function compileBothWays(compile, dist) {
  const cjs = join(dist, 'cjs');
  const asCommonJs = { module: 'commonjs', moduleResolution: 'bundler', verbatimModuleSyntax: false };
  await Promise.all([
    compile('types', { outDir: dist, declaration: true, emitDeclarationOnly: true }),
    // Comments are for whoever reads the types, and would be most of what hosts load.
    compile('modules', { outDir: dist, removeComments: true, noCheck: true }),
    compile('cjs', { outDir: cjs, removeComments: true, ...asCommonJs }),
  ]);
  for (const file of readdirSync(dist, { recursive: true }))
    if (file.endsWith('.d.ts') && !file.startsWith('cjs')) copy(join(dist, file), join(cjs, file));
  writeFileSync(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
}

/** Without the way to the sources, which are not in the tarball. */
function packedManifest({ name, manifest }) {
  const { devDependencies: _dev, scripts: _scripts, bin, ...description } = manifest;
  const isBoth = inBothWays.includes(name);
  const doors = Object.entries(manifest.exports).map(([path, { types, default: main }]) => [
    path,
    isBoth ? both(types, main) : { types, default: main },
  ]);
  const packed = { ...description, exports: Object.fromEntries(doors) };
  if (isBoth) Object.assign(packed, { main: './dist/cjs/index.js', types: './dist/index.d.ts' });
  if (programs.includes(name)) packed.engines = { node: programsRunOn };
  // `bin/` finds the sources and the Node.js of a checkout.
  if (bin) packed.bin = Object.fromEntries(Object.keys(bin).map((command) => [command, './dist/main.js']));
  return packed;
}

function both(types, main) {
  const inCjs = (path) => path.replace('./dist/', './dist/cjs/');
  return {
    import: { types, default: main },
    require: { types: inCjs(types), default: inCjs(main) },
  };
}

function compiler({ name, folder }, { root, building, released }) {
  const source = join(folder, 'src');
  const rootDir = existsSync(source) ? source : folder;
  const own = join(folder, 'tsconfig.json');
  return async (pass, options) => {
    const compilerOptions = {
      rootDir,
      composite: false,
      incremental: false,
      customConditions: [],
      declaration: false,
      declarationMap: false,
      sourceMap: false,
      tsBuildInfoFile: null,
      typeRoots: [join(root, 'node_modules/@types')],
      stripInternal: true,
      paths: builtTypes(released, building),
      ...options,
    };
    const config = join(building, `${name.replace('/', '-')}-${pass}.json`);
    const text = {
      extends: existsSync(own) ? own : join(root, 'tsconfig.base.json'),
      compilerOptions,
      references: [],
      include: [join(rootDir, '**/*.ts')],
      exclude: [join(rootDir, '**/*.test.ts')],
    };
    writeFileSync(config, JSON.stringify(text));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '-p', config]).catch((cause) => {
      throw new Error(`${name} does not compile:\n${cause.stdout}`, { cause });
    });
  };
}

/** What a release's packages see of each other: the types just built. */
function builtTypes(released, building) {
  const doors = released.flatMap(({ name, manifest }) =>
    Object.entries(manifest.exports).map(([path, { types }]) => [
      `${name}${path.slice(1)}`,
      [join(building, name, types)],
    ]),
  );
  return Object.fromEntries(doors);
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}
