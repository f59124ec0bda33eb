import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readWorkspaces, root } from './workspaces.ts';

const released = z.object({
  license: z.literal('Apache-2.0'),
  publishConfig: z.strictObject({ access: z.literal('public'), provenance: z.literal(true) }),
  repository: z.object({ type: z.literal('git'), url: z.string(), directory: z.string() }),
  files: z.array(z.string()).min(1),
  scripts: z.strictObject({ prepack: z.literal('node ../../scripts/refuse-packing.mjs') }),
});
const manifestOf = (folder: string): unknown =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));

const workspaces = readWorkspaces();
const published = workspaces.filter((workspace) => !workspace.private);
const own = z.object({ repository: z.object({ url: z.string() }) }).parse(manifestOf(''));

test('SDK-30 every package and every pack is published, and nothing else', () => {
  const expected = workspaces.filter(({ folder }) => /^(packages|packs)\//.test(folder));
  expect(published.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
  expect(published.length).toBeGreaterThan(7);
});

test.each(published)('SDK-30 $name is published with provenance, from this repository', ({ folder }) => {
  const { repository } = released.parse(manifestOf(folder));
  expect(repository).toEqual({ type: 'git', url: own.repository.url, directory: folder });
  expect(repository.url).toMatch(/^git\+https:\/\/\S+\.git$/);
});

test.each(published)('SDK-30 every package that $name needs is published', ({ dependencies }) => {
  const names = new Set(published.map(({ name }) => name));
  const ours = Object.keys(dependencies).filter((name) =>
    workspaces.some((workspace) => workspace.name === name),
  );
  expect(ours.filter((name) => !names.has(name))).toEqual([]);
});

test('SDK-30 npm packs nothing in a folder of sources, and the message says how to pack', () => {
  const folder = join(root, 'packages/client');
  const { status, stderr } = spawnSync('npm', ['pack', '--dry-run'], { cwd: folder, encoding: 'utf8' });
  expect(status).not.toBe(0);
  expect(stderr).toContain('scripts/pack-packages.mjs');
});

test('SDK-30 a package without provenance, or from another repository, is reported', () => {
  const right = z.record(z.string(), z.unknown()).parse(manifestOf('packages/sdk'));
  expect(released.safeParse(right).success).toBe(true);
  for (const wrong of [
    { publishConfig: undefined },
    { publishConfig: { access: 'public', provenance: false } },
    { publishConfig: { access: 'restricted', provenance: true } },
    { repository: undefined },
  ])
    expect(released.safeParse({ ...right, ...wrong }).success, JSON.stringify(wrong)).toBe(false);
});
