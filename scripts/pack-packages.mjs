// Builds and packs a release: `node scripts/pack-packages.mjs DIRECTORY [NAME…]` writes a tarball of every package that is
// not private (or only of those named, such as @bitacora/sdk, and of what they need) into it, and prints their paths, each
// after those it needs. Checkouts run from their sources; only what is packed is built.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPackage } from './build-package.mjs';
import { releasedPackages } from './released-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

const [directory = '.', ...names] = process.argv.slice(2);
const out = resolve(directory);
const building = mkdtempSync(join(tmpdir(), 'bitacora-pack-'));
try {
  mkdirSync(out, { recursive: true });
  const released = releasedPackages(root, names);
  for (const one of released) {
    await buildPackage(one, { root, building, released });
    for (const asset of one.manifest.files.filter((file) => file !== 'dist'))
      cpSync(join(one.folder, asset), join(building, one.name, asset), { recursive: true });
    cpSync(join(one.folder, 'README.md'), join(building, one.name, 'README.md'));
    cpSync(join(root, 'LICENSE'), join(building, one.name, 'LICENSE'));
  }
  const folders = released.map(({ name }) => join(building, name));
  const args = ['pack', ...folders, '--json', '--ignore-scripts', '--pack-destination', out];
  const packed = JSON.parse(
    execFileSync(npm, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], cwd: building }),
  );
  for (const { filename } of packed) console.log(join(out, filename));
} finally {
  rmSync(building, { recursive: true, force: true });
}
