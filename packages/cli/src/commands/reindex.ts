import type { Command } from 'commander';
import type { Exit } from '../exit.ts';
import { runServerProgram } from '../server-program.ts';

/** `bitacora reindex`: rebuilds the search index while no server runs. */
export function addReindex(program: Command, exit: Exit): void {
  program
    .command('reindex')
    .description('rebuild the search index from the entries; all servers must be stopped first')
    .argument('[arguments...]', 'passed on to the server')
    .allowUnknownOption()
    .action(async (args: readonly string[]) => exit(await runServerProgram(['reindex', ...args])));
}
