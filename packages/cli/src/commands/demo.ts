import type { Command } from 'commander';
import type { Exit } from '../exit.ts';
import { runServerProgram } from '../server-program.ts';

/**
 * `bitacora demo`: starts the server with invented activity in a separate tenant, so that it never mixes with real
 * entries.
 */
export function addDemo(program: Command, exit: Exit): void {
  program
    .command('demo')
    .description('start the server with a tenant "demo" of invented activity, including that of the packs')
    .action(async () => exit(await runServerProgram(['serve', '--demo'])));
}
