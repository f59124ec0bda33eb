import { ClientError } from '@bitacora/client';
import { CommanderError } from 'commander';
import { CliError } from './cli-error.ts';
import { createProgram } from './program.ts';

/** Runs one command line; resolves with the exit code: 0 fine, 1 found something, 2 wrong usage or impossible. */
export async function runCli(args: readonly string[]): Promise<number> {
  // `bitacora search … | head` closes the pipe early, which is no error.
  process.stdout.on('error', (error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  let code = 0;
  try {
    await createProgram((found) => (code = found)).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has already said what is wrong; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const known = error instanceof CliError || error instanceof ClientError;
    const text =
      error instanceof Error ? ((known ? undefined : error.stack) ?? error.message) : String(error);
    process.stderr.write(`bitacora: ${text}\n`);
    return 2;
  }
}
