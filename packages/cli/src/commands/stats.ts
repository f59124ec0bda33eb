import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { connectionOf, withConnection, type ConnectionOptions, requireHttpUrl } from '../connection.ts';
import { runPackCommand } from '../run-pack-command.ts';

/** `bitacora stats build`: shows the statistics of a day, which a pack of the server counts. */
export function addStats(program: Command): void {
  const stats = program.command('stats').description('statistics per day of the packs that have them');
  withConnection(stats.command('build'))
    .description('count a day again and show it; today when --date is absent')
    .option('--date <day>', 'such as 2026-03-31, of the time zone of the server')
    .option('--pack <name>', 'needed when several packs have statistics')
    .action(build);
}

async function build(
  options: ConnectionOptions & { readonly date?: string; readonly pack?: string },
): Promise<void> {
  const { url, key } = connectionOf(options);
  if (key === undefined) throw new CliError('no API key: give --key or set BITACORA_API_KEY');
  requireHttpUrl(url);
  const { date, pack } = options;
  const answer = await runPackCommand({
    url,
    key,
    pack,
    name: 'stats build',
    options: date === undefined ? {} : { date },
  });
  process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
}
