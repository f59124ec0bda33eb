import { readdirSync } from 'node:fs';

/**
 * Paths of all files in a folder, below `root`. Hidden folders, `dist` and `node_modules` are not entered: other tests make and
 * remove folders there meanwhile.
 */
export function filesBelow(root: URL, folder: string): string[] {
  return readdirSync(new URL(folder, root), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}${entry.name}`;
    if (entry.isFile()) return [path];
    const isEntered =
      entry.isDirectory() && !entry.name.startsWith('.') && !/^(dist|node_modules)$/.test(entry.name);
    return isEntered ? filesBelow(root, `${path}/`) : [];
  });
}
