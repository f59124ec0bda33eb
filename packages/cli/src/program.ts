import { Command } from 'commander';
import { addCapture } from './commands/capture.ts';
import { addCodegen } from './commands/codegen.ts';
import { addDemo } from './commands/demo.ts';
import { addDoctor } from './commands/doctor.ts';
import { addExport } from './commands/export.ts';
import { addFacets } from './commands/facets.ts';
import { addGet } from './commands/get.ts';
import { addImport } from './commands/import.ts';
import { addKeys } from './commands/keys.ts';
import { addMigrate } from './commands/migrate.ts';
import { addPack } from './commands/pack-new.ts';
import { addRecent } from './commands/recent.ts';
import { addRebuild } from './commands/rebuild.ts';
import { addReindex } from './commands/reindex.ts';
import { addRetention } from './commands/retention.ts';
import { addSearch } from './commands/search.ts';
import { addServe } from './commands/serve.ts';
import { addStats } from './commands/stats.ts';
import { addTail } from './commands/tail.ts';
import { addVerify } from './commands/verify.ts';
import { addUsers } from './commands/users.ts';
import type { Exit } from './exit.ts';
import { ownVersion } from './own-version.ts';

/** The `bitacora` command with all its subcommands. It throws `CommanderError` instead of ending the process. */
export function createProgram(exit: Exit): Command {
  const program = new Command('bitacora')
    .description('The audit trail for every application: who did what to what, provably unaltered.')
    .version(ownVersion())
    .showHelpAfterError('(bitacora --help lists the commands)')
    .exitOverride();
  addServe(program, exit);
  addDemo(program, exit);
  addMigrate(program, exit);
  addImport(program, exit);
  addSearch(program);
  addGet(program);
  addFacets(program);
  addExport(program);
  addStats(program);
  addTail(program);
  addVerify(program, exit);
  addCapture(program, exit);
  addKeys(program);
  addUsers(program);
  addRecent(program, exit);
  addRebuild(program);
  addReindex(program, exit);
  addRetention(program);
  addPack(program);
  addCodegen(program, exit);
  addDoctor(program, exit);
  return program;
}
