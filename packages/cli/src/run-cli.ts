import { ClientError } from '@bitacora/client';
import { CommanderError } from 'commander';
import { CliError } from './cli-error.ts';
import { createProgram } from './program.ts';

/**
 * Runs one command line. The exit code is 0 when all is fine, 1 when a problem was found, 2 for wrong usage or an
 * impossible request.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  // `bitacora search … | head` closes the pipe early, which is no error.
  process.stdout.on('error', (error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  let code = 0;
  try {
    await createProgram((exitCode) => (code = exitCode)).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has already said what is wrong; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const isExpected = error instanceof CliError || error instanceof ClientError;
    const text =
      error instanceof Error ? ((isExpected ? undefined : error.stack) ?? error.message) : String(error);
    process.stderr.write(`bitacora: ${text}\n`);
    return 2;
  }
}
