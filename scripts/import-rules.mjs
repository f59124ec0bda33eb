import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import {
  dashboardFolders,
  driverFolderOfCli,
  driverStage,
  drivers,
  nodePackages,
  packFolders,
  packImports,
  packages,
  projectionsFolder,
  sdkRooms,
  sharedSdkFiles,
  sharedServerFiles,
  stages,
  testTools,
} from './import-table.mjs';

const source = '{ts,tsx,mts,cts,js,jsx,mjs,cjs}';
/**
 * Folders nested deeper than this are refused, because the rules match relative paths, whose meaning depends on the depth.
 */
const depthMax = 3;

/**
 * The linter's overrides for the import table. For each file the last override that matches it counts, so they go
 * from the widest folder (everything refused) to the narrowest.
 *
 * @param root {URL} the repository, for what each package.json declares
 */
export function importRules(root) {
  return [
    {
      files: [`packages/**/*.${source}`, `packs/**/*.${source}`],
      rules: onlyThese([], 'This folder is not in scripts/import-table.mjs, or it is nested too deeply.'),
    },
    ...Object.keys(packages).flatMap((name) => packageRules(name, declared(root, `packages/${name}`))),
    ...packFolders.flatMap((base) => packRules(base)),
  ];
}

function packageRules(name, libraries) {
  const ours = packages[name].map((other) => `@bitacora/${other}`);
  const node = nodePackages.includes(name) ? ['node:*', 'node:*/**'] : [];
  const names = [
    ...ours,
    ...node,
    ...libraries.filter((library) => !drivers.includes(library)).flatMap(withSubpaths),
  ];
  return [
    ...area({ base: `packages/${name}`, names: [...names, ...testTools] }),
    ...area({ base: `packages/${name}/src`, names }),
    ...testsOf({ base: `packages/${name}/src`, names, outside: testFolders }),
    ...(name === 'server' ? serverRules(names) : []),
    ...(name === 'sdk' ? sdkRules(names) : []),
    ...(name === 'cli' ? cliRules(names) : []),
    ...(name === 'dashboard' ? dashboardRules(names) : []),
  ];
}

function packRules(base) {
  const names = packImports.map((name) => `@bitacora/${name}`);
  return [...area({ base, names }), ...testsOf({ base, names })];
}

function serverRules(names) {
  const base = 'packages/server/src';
  const compose = {
    files: [`${base}/*.${source}`],
    rules: onlyThese(['./*.ts', './*/index.ts', ...names], says(base)),
  };
  const composeTests = {
    files: [`${base}/*.test.${source}`],
    rules: onlyThese(['./*.ts', './*/index.ts', ...names, ...testTools], says(base)),
  };
  return [
    compose,
    composeTests,
    ...Object.entries(stages).flatMap(([stage, entered]) => {
      const ownNames = stage === driverStage ? [...names, ...drivers] : names;
      const outside = (up) => [...entered.map((other) => `${up}${other}/index.ts`), ...shared(up)];
      const outsideOfTests = (up) => [
        ...Object.keys(stages).map((other) => `${up}${other}/index.ts`),
        ...shared(up),
        ...testFolders(`${up}../`),
      ];
      return [
        ...area({ base: `${base}/${stage}`, names: ownNames, outside }),
        ...(stage === projectionsFolder ? projectionRules(`${base}/${stage}`, ownNames, entered) : []),
        ...testsOf({ base: `${base}/${stage}`, names: ownNames, outside: outsideOfTests }),
      ];
    }),
  ];
}

function projectionRules(base, names, entered) {
  const ledgerAndBelow = (up) => entered.map((other) => `${up}../${other}/index.ts`);
  const besideThemAll = (up) => [`${up}*.ts`, ...ledgerAndBelow(up), ...shared(`${up}../`)];
  return [
    {
      files: [`${base}/*.${source}`],
      rules: onlyThese(
        ['./*.ts', './*/index.ts', ...ledgerAndBelow(''), ...shared('../'), ...names],
        says(base),
      ),
    },
    ...area({ base: `${base}/*`, names, outside: besideThemAll }),
  ];
}

/**
 * The index.ts of the package may import every room, the files beside it only each other, and a room what the table lists.
 */
function sdkRules(names) {
  const base = 'packages/sdk/src';
  return [
    { files: [`${base}/*.${source}`], rules: onlyThese(['./*.ts', ...names], says(base)) },
    { files: [`${base}/index.${source}`], rules: onlyThese(['./**', ...names], says(base)) },
    {
      files: [`${base}/*/**/*.${source}`],
      rules: onlyThese([], 'This room is not in scripts/import-table.mjs.'),
    },
    ...Object.entries(sdkRooms).flatMap(([room, entered]) => {
      // `up` leads to the folder that holds the room: to src, or to src/adapters.
      const from = posix.dirname(room);
      const outsideOf = (rooms) => (up) => [
        ...rooms.map((other) => `${up}${posix.relative(from, other)}/**`),
        ...sharedSdkFiles.map((file) => `${up}${posix.relative(from, file)}`),
      ];
      return [
        ...area({ base: `${base}/${room}`, names, outside: outsideOf(entered) }),
        ...testsOf({ base: `${base}/${room}`, names, outside: outsideOf(Object.keys(sdkRooms)) }),
      ];
    }),
  ];
}

function cliRules(names) {
  const base = `packages/cli/src/${driverFolderOfCli}`;
  const outside = (up) => [`${up}*.ts`];
  return [
    ...area({ base, names: [...names, ...drivers], outside }),
    ...testsOf({
      base,
      names: [...names, ...drivers],
      outside: (up) => [...outside(up), ...testFolders(`${up}`)],
    }),
  ];
}

function dashboardRules(names) {
  const base = 'packages/dashboard/src';
  return Object.entries(dashboardFolders).flatMap(([folder, seen]) =>
    folder === 'features'
      ? area({
          base: `${base}/features/*`,
          names,
          outside: (up) => seen.map((other) => `${up}../${other}/**`),
        })
      : area({ base: `${base}/${folder}`, names, outside: (up) => seen.map((other) => `${up}${other}/**`) }),
  );
}

/** One override per depth: `up` leads from a file to the folder that holds `base`. */
function area({ base, names, outside = () => [], suffix = '' }) {
  return Array.from({ length: depthMax + 1 }, (_, depth) => {
    const up = '../'.repeat(depth + 1);
    const within = Array.from({ length: depth }, (_, steps) => `${'../'.repeat(steps + 1)}**`);
    const allowed = ['./**', ...within];
    return {
      files: [`${base}/${'*/'.repeat(depth)}*${suffix}.${source}`],
      rules: onlyThese(allowed, says(base), [`${up}**`], [...outside(up), ...names]),
    };
  });
}

function testsOf({ base, names, outside }) {
  return area({ base, names: [...names, ...testTools], outside, suffix: '.test' });
}

/** Refuses everything but `allowed`; then refuses `except` among it; then allows `also`. Patterns as in .gitignore. */
function onlyThese(allowed, message, except = [], also = []) {
  const allow = (patterns) => patterns.map((pattern) => `!${pattern}`);
  return {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          // This comes first, because the linter does not check an import again that a group allows.
          { regex: '(^\\.|[^.])/\\.\\.(/|$)', message: 'Go up only at the start of a path.' },
          { group: ['**', ...allow(allowed), ...except, ...allow(also)], message },
        ],
      },
    ],
  };
}

const says = (base) => `scripts/import-table.mjs does not let ${base} import this.`;
const shared = (up) => sharedServerFiles.map((file) => `${up}${file}`);
const testFolders = (up) => [`${up}test/**`, `${up}test-kit/**`];
const withSubpaths = (name) => [name, `${name}/**`];

function declared(root, folder) {
  const file = new URL(`${folder}/package.json`, root);
  if (!existsSync(file)) return [];
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync(file, 'utf8'));
  const names = Object.keys({ ...dependencies, ...peerDependencies });
  return names.filter((name) => !name.startsWith('@bitacora/')).sort();
}
