import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataDirectory, openStorage } from '../../packages/server/src/storage/index.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const migrations = join(root, 'packages/server/migrations');
const superuserKey = join('keys', 'postgres-superuser');

/**
 * Makes an embedded database with empty tables, once for all test servers, because making one takes longer than many tests.
 * All servers with the same migrations share it, and it stays in the checkout.
 */
export async function makeClusterTemplate(): Promise<void> {
  const template = clusterTemplate();
  if (existsSync(template)) return;
  const made = mkdtempSync(join(tmpdir(), 'bitacora-template-'));
  // When the tests run as root, the embedded PostgreSQL runs as another user.
  chmodSync(made, 0o755);
  const directory = openDataDirectory(made);
  const storage = await openStorage({
    databaseUrl: undefined,
    directory,
    onError: (error) => console.error(error),
  });
  await storage.close();
  directory.close();
  mkdirSync(dirname(template), { recursive: true });
  const unfinished = `${template}.${process.pid}`;
  tar(['-cf', unfinished, '-C', made, superuserKey, 'postgres']);
  renameSync(unfinished, template);
  rmSync(made, { recursive: true, force: true });
}

/** Gives a data directory the database of the template, if there is one. */
export function copyClusterTemplate(dataDirectory: string): void {
  const template = clusterTemplate();
  if (!existsSync(template)) return;
  mkdirSync(join(dataDirectory, 'keys'), { mode: 0o700 });
  // This is five times faster than copying the files one by one.
  tar(['-xpf', template, '-C', dataDirectory]);
}

function clusterTemplate(): string {
  const state = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  for (const name of readdirSync(migrations).toSorted()) state.update(readFileSync(join(migrations, name)));
  return join(root, 'node_modules', '.cache', 'bitacora', `cluster-${state.digest('hex').slice(0, 16)}.tar`);
}

/** Keeps owners and modes, because PostgreSQL does not start with others. */
function tar(args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('tar', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`tar ${args.join(' ')}: ${stderr || error?.message}`);
}
