import type { RetentionRun } from '@bitacora/client';
import type { Command } from 'commander';
import { connect, withConnection, type ConnectionOptions } from '../connection.ts';

type Options = ConnectionOptions & { readonly dryRun?: true; readonly json?: true };

/** `bitacora retention run`. */
export function addRetention(program: Command): void {
  const retention = program
    .command('retention')
    .description(
      'remove entries that are older than the period of their ledger (needs a key with the scope operator)',
    );
  withConnection(retention.command('run'))
    .description('remove the segments whose entries are all older than the periods of their ledgers')
    .option('--dry-run', 'print what would be removed, and remove nothing')
    .option('--json')
    .action(async (options: Options) => {
      const answer = await connect(options).retention.run({ dryRun: options.dryRun === true });
      process.stdout.write(options.json === true ? `${JSON.stringify(answer)}\n` : textOf(answer));
    });
}

function textOf({ dryRun, entries, segments }: RetentionRun): string {
  const lines = segments.flatMap(({ segment, ledgers }) =>
    ledgers.map(
      ({ ledger, entries: count, firstIndex, lastIndex, from, to }) =>
        `segment ${segment}  ${ledger}  ${count} entries, ${firstIndex} to ${lastIndex}, ${from} to ${to}`,
    ),
  );
  const sum = dryRun ? `${entries} entries would be removed` : `${entries} entries removed`;
  return `${[...lines, sum].join('\n')}\n`;
}
