import type { Command } from 'commander';
import type { Exit } from '../exit.ts';
import { runServerProgram } from '../server-program.ts';

/** `bitacora serve`: runs the server until a signal ends it. */
export function addServe(program: Command, exit: Exit): void {
  program
    .command('serve')
    .description('start the server (settings: BITACORA_* in the environment, bitacora.config.ts)')
    .argument('[arguments...]', 'passed on to the server')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: readonly string[]) => exit(await runServerProgram(['serve', ...args])));
}
