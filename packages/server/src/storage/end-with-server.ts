import { spawn } from 'node:child_process';
import type { ServiceUser } from './postgres-programs.ts';
import { programEnvironment } from './program-environment.ts';

export interface Guard {
  /** Lets the guard end. */
  close(): void;
}

/**
 * Waits until its input ends, which happens when the process that holds the other end of the pipe is gone, however it ended.
 * Then it stops the postmaster, if the file still names it, since another process may have got its number, and removes the
 * folder of its socket.
 */
const script = `cat >/dev/null
if [ "$(head -n 1 "$1" 2>/dev/null)" != "$2" ]; then exit; fi
kill -INT "$2"
while kill -0 "$2" 2>/dev/null; do sleep 0.1; done
if [ -n "$3" ]; then rmdir "$3"; fi`;

/**
 * Starts a small process that stops PostgreSQL when this program was killed, so that no database goes on without a server.
 * Where there is no shell (Windows) PostgreSQL goes on, and the next start stops it.
 */
export function guardPostgres(options: {
  postmasterFile: string;
  pid: number;
  /** A folder of the socket that is to be removed as well. */
  folder: string | undefined;
  user: ServiceUser | undefined;
}): Guard {
  if (process.platform === 'win32') return { close: () => undefined };
  const { postmasterFile, pid, folder = '', user } = options;
  const args = ['-c', script, 'bitacora-guard', postmasterFile, String(pid), folder];
  const guard = spawn('/bin/sh', args, {
    ...user,
    // In a session of its own, because a signal to the server's process group must not end it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: programEnvironment(),
  });
  // Without a guard the server works as well.
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  guard.unref();
  return { close: () => void guard.stdin.destroy() };
}
