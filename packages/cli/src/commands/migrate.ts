import type { Command } from 'commander';
import type { Exit } from '../exit.ts';
import { runServerProgram } from '../server-program.ts';

/** `bitacora migrate`: brings the database to this version's schema. */
export function addMigrate(program: Command, exit: Exit): void {
  program
    .command('migrate')
    .description("bring the database to this version's schema and stop")
    .argument('[arguments...]', 'passed on to the server')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: readonly string[]) => exit(await runServerProgram(['migrate', ...args])));
}
