import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

export const root = fileURLToPath(new URL('../../', import.meta.url));

const ranges = z.record(z.string(), z.string()).default({});
const manifest = z.object({
  name: z.string(),
  version: z.string(),
  private: z.boolean().default(false),
  workspaces: z.array(z.string()).default([]),
  dependencies: ranges,
  devDependencies: ranges,
  optionalDependencies: ranges,
});

/** A package.json and its folder; '' is the repository itself. */
export type Workspace = z.infer<typeof manifest> & { readonly folder: string };

/** The repository's package.json first, then that of every workspace. */
export function readWorkspaces(): readonly Workspace[] {
  const own = read('');
  const folders = own.workspaces.flatMap((pattern) =>
    pattern.endsWith('/*') ? foldersIn(dirname(pattern)) : [pattern],
  );
  return [own, ...folders.map(read)];
}

/** The folders in `parent` that have a package.json; the list is empty when `parent` does not exist. */
export function foldersIn(parent: string): readonly string[] {
  if (!existsSync(join(root, parent))) return [];
  const folders = readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);
  return folders.filter((folder) => existsSync(join(root, folder, 'package.json')));
}

function read(folder: string): Workspace {
  return { ...manifest.parse(JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))), folder };
}
