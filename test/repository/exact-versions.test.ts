import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { packages, started } from '../../scripts/import-table.mjs';
import { readWorkspaces, root, type Workspace } from './workspaces.ts';

const workspaces = readWorkspaces();
const ranges = z.record(z.string(), z.string()).default({});
const lock = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        version: z.string().optional(),
        resolved: z.string().optional(),
        link: z.boolean().optional(),
        dependencies: ranges,
        devDependencies: ranges,
        optionalDependencies: ranges,
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))).packages;

test.each(workspaces)('$name depends on exact versions only', (workspace) => {
  const inexact = dependenciesOf(workspace).filter(([, version]) => !isExact(version));
  expect(inexact).toEqual([]);
});

test.each([
  ['1.2.3', true],
  ['18.4.0-beta.17', true],
  ['^1.2.3', false],
  ['~1.2.3', false],
  ['1.2', false],
  ['*', false],
  ['latest', false],
  ['1.2.3 || 2.0.0', false],
  ['workspace:*', false],
  ['git+https://example.org/x.git', false],
])('%s is an exact version: %s', (version, exact) => {
  expect(isExact(version)).toBe(exact);
});

test.each(workspaces)('package-lock.json and package.json agree on $name', (workspace) => {
  const { dependencies, devDependencies, optionalDependencies, version } = workspace;
  expect(lock[workspace.folder]).toMatchObject({ version });
  expect(lock[workspace.folder]?.dependencies).toEqual(dependencies);
  expect(lock[workspace.folder]?.devDependencies).toEqual(devDependencies);
  expect(lock[workspace.folder]?.optionalDependencies).toEqual(optionalDependencies);
});

test.each(workspaces)('package-lock.json holds the version that $name asks for', (workspace) => {
  const locked = dependenciesOf(workspace).map(([name]) => [name, resolvedVersion(workspace.folder, name)]);
  expect(locked).toEqual(dependenciesOf(workspace));
});

// npm leaves out packages that its registry does not have at the time of locking, and then `npm ci` refuses the whole file.
test('package-lock.json holds every dependency of every dependency, for each platform', () => {
  const absent = Object.entries(lock).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => resolvedVersion(path, name) === undefined)
      .map((name) => `${path} → ${name}`),
  );
  expect(absent).toEqual([]);
});

test('package-lock.json links every workspace and no other folder', () => {
  const linked = new Set(Object.values(lock).flatMap(({ link, resolved }) => (link ? [resolved] : [])));
  expect(linked).toEqual(new Set(workspaces.map(({ folder }) => folder).filter((folder) => folder !== '')));
});

test('no package depends on a package of ours that it may neither import nor start', () => {
  const imported: Readonly<Record<string, readonly string[]>> = packages;
  const startedBy: Readonly<Record<string, readonly string[]>> = started;
  const unlisted = workspaces.flatMap(({ folder, dependencies }) => {
    const name = folder.replace('packages/', '');
    const listed = imported[name] && [...imported[name], ...(startedBy[name] ?? [])];
    const ours = Object.keys(dependencies).filter((dependency) => dependency.startsWith('@bitacora/'));
    return listed ? ours.filter((dependency) => !listed.includes(dependency.replace('@bitacora/', ''))) : [];
  });
  expect(unlisted).toEqual([]);
});

test('X22 the SDK brings at most two dependencies into an application', () => {
  const sdk = workspaces.find(({ name }) => name === '@bitacora/sdk');
  expect(Object.keys(sdk?.dependencies ?? { missing: '' }).length).toBeLessThanOrEqual(2);
  expect(sdk?.optionalDependencies).toEqual({});
});

test('every package has the version of the repository', () => {
  const versions = new Set(workspaces.map(({ version }) => version));
  expect([...versions]).toEqual([workspaces[0]?.version]);
});

function dependenciesOf(workspace: Workspace): readonly (readonly [name: string, version: string])[] {
  const { dependencies, devDependencies, optionalDependencies } = workspace;
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
}

function isExact(version: string): boolean {
  return /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version);
}

/** The folder that Node uses: that of the nearest node_modules upwards that has the package. A link stands for its target. */
function resolvedVersion(folder: string, name: string): string | undefined {
  const found = lock[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`];
  if (found) return found.link ? lock[found.resolved ?? '']?.version : found.version;
  return folder === ''
    ? undefined
    : resolvedVersion(folder.slice(0, Math.max(0, folder.lastIndexOf('/'))), name);
}
