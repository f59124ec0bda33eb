import { lchownSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { AuditError } from '../audit-error.ts';
import { reachable, type ServiceUser } from './postgres-programs.ts';

/** sun_path of the shortest system, macOS, has 104 bytes with the zero at its end. */
const socketPathBytesMax = 103;
const longestName = '.s.PGSQL.65535';

export interface SocketFolder {
  readonly path: string;
  /** It is not below the data directory. */
  readonly isTemporary: boolean;
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
    return { ...owned(below, user), isTemporary: false, remove: () => undefined };
  }
  // The user of PostgreSQL must be able to enter the folder, which a TMPDIR of root may not allow.
  const temporary = fits(join(tmpdir(), 'bitacora-123456')) && (!user || reachable(join(tmpdir(), 'any')));
  const made = mkdtempSync(join(temporary ? tmpdir() : '/tmp', 'bitacora-'));
  const remove = (): void => rmSync(made, { recursive: true, force: true });
  return { ...owned(made, user), isTemporary: true, remove };
}

/** Removes the folder outside the data directory that a killed program left; any other stays. */
export function removeSocketFolder(path: string, user: ServiceUser | undefined): void {
  if (/^bitacora-\w{6}$/.test(basename(path)) && isOnlyOf(path, user))
    rmSync(path, { recursive: true, force: true });
}

function fits(folder: string): boolean {
  return Buffer.byteLength(join(folder, longestName)) <= socketPathBytesMax;
}

function owned(path: string, user: ServiceUser | undefined): { path: string } {
  if (user && lstatSync(path).uid === process.getuid?.()) lchownSync(path, user.uid, user.gid);
  if (isOnlyOf(path, user)) return { path };
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
