import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { hasCode } from '../host/has-code.ts';

/** The process that may write to a sub-spool. A later process with the same pid has another start. */
interface Owner {
  readonly pid: number;
  /** In the kernel's clock ticks; empty when it is unknown. */
  readonly startedAt: string;
  readonly host: string;
}

const fileName = 'owner';
/** How often an owner touches its file. */
export const ownerSignEveryMs = 10_000;
/**
 * An owner that has not touched its file for this time has lost its sub-spool. It may be a thread that ended, or a process on
 * another host.
 */
const ownerSilentMs = 60_000;

/** Makes this process the owner of a directory. Throws what the file system says. */
export function writeOwner(directory: string): void {
  const owner: Owner = { pid: process.pid, startedAt: startOf(process.pid), host: hostname() };
  writeFileSync(join(directory, fileName), JSON.stringify(owner), { mode: 0o600 });
}

/** Touches the owner's file of a directory, as its owner must do every `ownerSignEveryMs`. */
export function signAsOwner(directory: string): void {
  const now = new Date();
  void utimes(ownerPath(directory), now, now).catch(() => undefined);
}

/** Whether the directory has an owner that is alive. A directory without an owner was given up. */
export function hasOwner(directory: string): boolean {
  const path = join(directory, fileName);
  try {
    const owner = parseOwner(readFileSync(path, 'utf8'));
    if (Math.abs(Date.now() - statSync(path).mtimeMs) > ownerSilentMs) return false;
    return owner !== undefined && (owner.host !== hostname() || isRunning(owner));
  } catch {
    return false;
  }
}

/** Whether an unfinished directory will never be finished: its owner is gone, or did not sign within a minute. */
export function isAbandoned(directory: string): boolean {
  if (hasOwner(directory)) return false;
  try {
    return existsSync(ownerPath(directory)) || Date.now() - statSync(directory).mtimeMs > ownerSilentMs;
  } catch {
    return false;
  }
}

export function ownerPath(directory: string): string {
  return join(directory, fileName);
}

function isRunning({ pid, startedAt }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process runs as another user.
    if (!hasCode(error, 'EPERM')) return false;
  }
  const start = startOf(pid);
  return startedAt === '' || start === '' || start === startedAt;
}

/** The start of a process in clock ticks since boot (proc(5): field 22 of stat). */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces and parentheses itself.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function parseOwner(text: string): Owner | undefined {
  const owner: unknown = JSON.parse(text);
  if (typeof owner !== 'object' || owner === null) return undefined;
  if (!('pid' in owner) || typeof owner.pid !== 'number') return undefined;
  return {
    pid: owner.pid,
    startedAt: 'startedAt' in owner ? String(owner.startedAt) : '',
    host: 'host' in owner ? String(owner.host) : '',
  };
}
