// Builds and packs a release: `node scripts/pack-packages.mjs DIRECTORY [NAME…]` writes a tarball of every package that is
// not private (or only of those named, such as @bitacora/sdk, and of what they need) into it, and prints their paths, each
// after those it needs. Checkouts run from their sources; only packages that are packed are built.
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
  for (const entry of released) {
    await buildPackage(entry, { root, building, released });
    for (const asset of entry.manifest.files.filter((file) => file !== 'dist'))
      cpSync(join(entry.folder, asset), join(building, entry.name, asset), { recursive: true });
    cpSync(join(entry.folder, 'README.md'), join(building, entry.name, 'README.md'));
    cpSync(join(root, 'LICENSE'), join(building, entry.name, 'LICENSE'));
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
