import type { Rebuilt } from '@bitacora/client';
import { Argument, type Command } from 'commander';
import { connect, withConnection, type ConnectionOptions } from '../connection.ts';

type Options = ConnectionOptions & { readonly ledger?: string; readonly json?: true };

/** `bitacora rebuild rollups|sessions`. */
export function addRebuild(program: Command): void {
  withConnection(program.command('rebuild'))
    .description('rebuild counts or sessions from the entries (needs a key with the scope admin)')
    .addArgument(new Argument('<projection>').choices(['rollups', 'sessions']))
    .option('--ledger <name>', 'by default all ledgers that the key reaches')
    .option('--json')
    .action(async (projection: Rebuilt['projection'], options: Options) => {
      const { ledger, json } = options;
      const answer = await connect(options).projections.rebuild(
        projection,
        ledger === undefined ? {} : { ledger },
      );
      process.stdout.write(json === true ? `${JSON.stringify(answer)}\n` : textOf(answer));
    });
}

function textOf({ projection, ledgers }: Rebuilt): string {
  return ledgers
    .map(
      ({ ledger, entries, durationMs }) =>
        `${ledger}: ${projection} of ${entries} entries in ${durationMs} ms\n`,
    )
    .join('');
}
