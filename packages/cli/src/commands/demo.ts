import type { Command } from 'commander';
import type { Exit } from '../exit.ts';
import { runServerProgram } from '../server-program.ts';

/** `bitacora demo`: the server with invented activity in a tenant of its own, which no real entry ever meets. */
export function addDemo(program: Command, exit: Exit): void {
  program
    .command('demo')
    .description('start the server with a tenant "demo" of invented activity, that of the packs too')
    .action(async () => exit(await runServerProgram(['serve', '--demo'])));
}
