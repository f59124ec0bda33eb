import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const parents = ['packages', 'packs'];

/**
 * The packages that a release publishes: all that are not private, each after the packages of this repository that it needs.
 *
 * @param root {string} the repository
 * @param names {readonly string[]} only these and what they need; none: all
 * @returns {{ name: string, folder: string, manifest: object }[]}
 */
export function releasedPackages(root, names = []) {
  const all = new Map(
    parents
      .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name)))
      .filter((folder) => existsSync(join(folder, 'package.json')))
      .map((folder) => ({ folder, manifest: readManifest(folder) }))
      .filter(({ manifest }) => !manifest.private)
      .map(({ folder, manifest }) => [manifest.name, { name: manifest.name, folder, manifest }]),
  );
  const inOrder = new Set();
  const add = (name) => {
    const entry = all.get(name);
    if (!entry) throw new Error(`${name} is not published`);
    for (const needed of ours(entry.manifest)) add(needed);
    inOrder.add(entry);
  };
  for (const name of names.length > 0 ? names : all.keys()) add(name);
  return [...inOrder];
}

function ours({ dependencies = {} }) {
  return Object.keys(dependencies).filter((name) => name.startsWith('@bitacora/'));
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
