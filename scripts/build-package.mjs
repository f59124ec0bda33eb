import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/**
 * Packages that are part of a host are also built as CommonJS, for hosts with an old build. Node.js 20.19 can `require`
 * the others as they are.
 */
const inBothWays = ['@bitacora/event', '@bitacora/tlog', '@bitacora/sdk'];
/** `node:crypto` has argon2 since this version. Libraries run on the versions that their package.json names. */
const programsRunOn = '>=24.7';
const programs = ['@bitacora/server', '@bitacora/cli'];

/**
 * Compiles one package into `building/NAME/dist` and writes its package.json: ES modules with types, and CommonJS where
 * hosts may need it. A package that is built only as ES modules keeps its comments, because stack traces point to them.
 *
 * @param entry an element of `releasedPackages`; the packages that it needs are built already
 */
export async function buildPackage(entry, { root, building, released }) {
  const dist = join(building, entry.name, 'dist');
  const compile = compiler(entry, { root, building, released });
  if (inBothWays.includes(entry.name)) await compileBothWays(compile, dist);
  else await compile('modules', { outDir: dist, declaration: true });
  const text = JSON.stringify(packedManifest(entry), null, 2);
  writeFileSync(join(building, entry.name, 'package.json'), `${text}\n`);
}

async function compileBothWays(compile, dist) {
  const cjs = join(dist, 'cjs');
  const asCommonJs = { module: 'commonjs', moduleResolution: 'bundler', verbatimModuleSyntax: false };
  await Promise.all([
    compile('types', { outDir: dist, declaration: true, emitDeclarationOnly: true }),
    // Comments stay in the types. In the code, they would be most of the bytes that hosts load.
    compile('modules', { outDir: dist, removeComments: true, noCheck: true }),
    compile('cjs', { outDir: cjs, removeComments: true, ...asCommonJs }),
  ]);
  for (const file of readdirSync(dist, { recursive: true }))
    if (file.endsWith('.d.ts') && !file.startsWith('cjs')) copy(join(dist, file), join(cjs, file));
  writeFileSync(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
}

/** The package.json of a tarball, without the export conditions that point to sources, which are not in it. */
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
  // `bin/` is for a checkout: it finds the sources and the pinned Node.js.
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
  const tsconfig = join(folder, 'tsconfig.json');
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
      extends: existsSync(tsconfig) ? tsconfig : join(root, 'tsconfig.base.json'),
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

/** The paths by which the packages of a release import each other: the types that were just built. */
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
