import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { CliError } from './cli-error.ts';

/**
 * Runs the server's own program in the same terminal, forwards signals to it, and resolves with its exit code. The command
 * line does not import the server, so that it also works where no server is installed, against another machine.
 */
export function runServerProgram(args: readonly string[]): Promise<number> {
  let program: string;
  try {
    program = fileURLToPath(import.meta.resolve('@bitacora/server/main'));
  } catch (cause) {
    throw new CliError('the package @bitacora/server is not installed here', { cause });
  }
  // In a checkout the program is the TypeScript source, and this condition makes it import the sources of the other
  // packages.
  const conditions = program.endsWith('.ts') ? ['--conditions=bitacora:source'] : [];
  // Set before the server is started, which may get a signal twice, from its sender and from here: once is enough for it.
  let child: ChildProcess | undefined = undefined;
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
  const forward = signals.map((signal) => [signal, () => void child?.kill(signal)] as const);
  for (const [signal, listener] of forward) process.on(signal, listener);
  child = spawn(process.execPath, [...conditions, '--max-semi-space-size=64', program, ...args], {
    // The server stops when the channel ends, because this program was killed.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    child.on('error', (cause) =>
      reject(new CliError(`cannot start the server: ${cause.message}`, { cause })),
    );
    child.on('exit', (code, signal) => {
      for (const [name, listener] of forward) process.off(name, listener);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
