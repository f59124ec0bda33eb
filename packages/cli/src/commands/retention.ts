import type { RetentionRun } from '@bitacora/client';
import type { Command } from 'commander';
import { connect, withConnection, type ConnectionOptions } from '../connection.ts';

type Options = ConnectionOptions & { readonly dryRun?: true; readonly json?: true };

/** `bitacora retention run`. */
export function addRetention(program: Command): void {
  const retention = program
    .command('retention')
    .description('removing what is older than its ledger keeps (needs a key with the scope operator)');
  withConnection(retention.command('run'))
    .description('remove the segments whose entries are all older than the periods of their ledgers')
    .option('--dry-run', 'say what would go, remove nothing')
    .option('--json')
    .action(async (options: Options) => {
      const answer = await connect(options).retention.run({ dryRun: options.dryRun === true });
      process.stdout.write(options.json === true ? `${JSON.stringify(answer)}\n` : textOf(answer));
    });
}

function textOf({ dryRun, entries, segments }: RetentionRun): string {
  const lines = segments.flatMap(({ segment, ledgers }) =>
    ledgers.map(
      (one) =>
        `segment ${segment}  ${one.ledger}  ${one.entries} entries, ${one.firstIndex} to ${one.lastIndex}, ${one.from} to ${one.to}`,
    ),
  );
  const sum = dryRun ? `${entries} entries would be removed` : `${entries} entries removed`;
  return `${[...lines, sum].join('\n')}\n`;
}
