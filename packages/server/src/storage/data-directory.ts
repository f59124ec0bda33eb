import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { AuditError } from '../audit-error.ts';

export interface DataDirectory {
  path: string;
  /** Process id of a program that held the directory and ended without closing it. */
  abandonedBy: number | undefined;
  /** Path of a file in `keys/`, mode 0600. */
  keyFile(name: string): string;
  /** The secret of that name; the first call makes it of `bytes` random bytes. */
  secret(name: string, bytes?: number): Buffer;
  /** Releases the lock. */
  close(): void;
}

/**
 * Opens the directory that holds keys, checkpoints and the embedded database, and locks it for this process.
 * @throws AuditError data_directory_locked when a living process holds it.
 */
export function openDataDirectory(path: string): DataDirectory {
  const directory = resolve(path);
  mkdirSync(directory, { recursive: true });
  closeKeys(directory);
  const lock = join(directory, 'server.lock');
  const abandonedBy = takeLock(lock);
  const keyFile = (name: string): string => join(directory, 'keys', name);
  return {
    path: directory,
    abandonedBy,
    keyFile,
    secret(name, bytes = 32) {
      const file = keyFile(name);
      if (!existsSync(file)) {
        writeFileSync(file, `${randomBytes(bytes).toString('base64url')}\n`, {
          mode: 0o600,
          flag: 'wx',
          flush: true,
        });
      }
      const secret = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url');
      if (secret.length === bytes) return secret;
      throw new AuditError('unavailable', {
        operatorText: `${file} does not hold ${bytes} bytes: put it back from a backup`,
      });
    },
    close() {
      if (readLock(lock)?.pid === process.pid) rmSync(lock, { force: true });
    },
  };
}

/** Makes `keys/`, or closes the one that is there to others. @throws AuditError unavailable when another user made it */
function closeKeys(directory: string): void {
  const keys = join(directory, 'keys');
  if (lstatSync(keys, { throwIfNoEntry: false }) === undefined) mkdirSync(keys, { mode: 0o700 });
  const stats = lstatSync(keys);
  const own = process.getuid?.();
  const ofOther = own !== undefined && stats.uid !== own && stats.uid !== statSync(directory).uid;
  if (!stats.isDirectory() || ofOther)
    throw new AuditError('unavailable', {
      operatorText: `${keys} is no folder, or of another user: everything in it may be known to others`,
    });
  if (own !== undefined && (stats.mode & 0o077) !== 0) chmodSync(keys, 0o700);
}

interface LockHolder {
  pid: number;
  /** Start of the process in clock ticks since boot: another process with the same pid has another start. */
  started: string;
}

/** Returns the process id of a holder that is gone. @throws AuditError data_directory_locked */
function takeLock(lock: string): number | undefined {
  const mine: LockHolder = { pid: process.pid, started: processStart(process.pid) ?? '' };
  let gone: number | undefined;
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(lock, JSON.stringify(mine), { flag: 'wx', mode: 0o600 });
      return gone;
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
      const holder = readLock(lock);
      if (holder && isAlive(holder) && holder.pid !== process.pid) {
        throw new AuditError('data_directory_locked', {
          operatorText: `${lock} is held by process ${holder.pid}; stop it or set BITACORA_DATA_DIR`,
        });
      }
      gone = holder?.pid;
      rmSync(lock, { force: true });
    }
  }
  throw new AuditError('data_directory_locked', { operatorText: `${lock} changes its owner too fast` });
}

function readLock(lock: string): LockHolder | undefined {
  try {
    const holder: unknown = JSON.parse(readFileSync(lock, 'utf8'));
    if (typeof holder !== 'object' || holder === null) return undefined;
    if (!('pid' in holder) || typeof holder.pid !== 'number') return undefined;
    return { pid: holder.pid, started: 'started' in holder ? String(holder.started) : '' };
  } catch {
    return undefined;
  }
}

function isAlive(holder: LockHolder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const started = processStart(holder.pid);
  return (
    started !== 'ended' && (started === undefined || holder.started === '' || started === holder.started)
  );
}

/**
 * Start of a process in clock ticks since boot; `ended` when only its exit code waits for its parent, undefined where there is
 * no /proc.
 */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : fields[19];
  } catch {
    return undefined;
  }
}
