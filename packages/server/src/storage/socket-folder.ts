import { lchownSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditError } from '../audit-error.ts';
import { reachable, type ServiceUser } from './postgres-programs.ts';

/** sun_path of the shortest system, macOS, has 104 bytes with the zero at its end. */
const socketPathBytesMax = 103;
const longestName = '.s.PGSQL.65535';

export interface SocketFolder {
  readonly path: string;
  /** Removes a folder outside the data directory. */
  remove(): void;
}

/**
 * The folder of the socket of the embedded PostgreSQL: below `root`, or a new one with a random name in the system's folder for
 * temporary files where the path would be too long for a socket. Only the user of PostgreSQL may enter it.
 * @throws AuditError unavailable when another user owns the folder or may enter it
 */
export function makeSocketFolder(root: string, user: ServiceUser | undefined): SocketFolder {
  const below = join(root, 'socket');
  if (fits(below)) {
    mkdirSync(below, { recursive: true, mode: 0o700 });
    return owned(below, user, () => undefined);
  }
  // The user of PostgreSQL must be able to enter the folder, which a TMPDIR of root may not allow.
  const temporary = fits(join(tmpdir(), 'bitacora-123456')) && (!user || reachable(join(tmpdir(), 'any')));
  const made = mkdtempSync(join(temporary ? tmpdir() : '/tmp', 'bitacora-'));
  return owned(made, user, () => rmSync(made, { recursive: true, force: true }));
}

/** The folder of a PostgreSQL that still runs; undefined when somebody else could have put their own in its place. */
export function socketFolderInUse(path: string, user: ServiceUser | undefined): SocketFolder | undefined {
  const remove = (): void => {
    if (path.startsWith(join(tmpdir(), 'bitacora-')) || path.startsWith('/tmp/bitacora-'))
      rmSync(path, { recursive: true, force: true });
  };
  return isOnlyOf(path, user) ? { path, remove } : undefined;
}

function fits(folder: string): boolean {
  return Buffer.byteLength(join(folder, longestName)) <= socketPathBytesMax;
}

function owned(path: string, user: ServiceUser | undefined, remove: () => void): SocketFolder {
  if (user && lstatSync(path).uid === process.getuid?.()) lchownSync(path, user.uid, user.gid);
  if (isOnlyOf(path, user)) return { path, remove };
  throw new AuditError('unavailable', {
    operatorText: `${path} belongs to another user, is no folder, or may be entered by others: remove it`,
  });
}

/** Whether it is a folder, no link, that no other user owns or may enter. Windows has neither users nor modes here. */
function isOnlyOf(path: string, user: ServiceUser | undefined): boolean {
  const uid = user?.uid ?? process.getuid?.();
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return false;
  return uid === undefined || (found.uid === uid && (found.mode & 0o077) === 0);
}
