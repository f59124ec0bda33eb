import type { EventFilter, SearchAnswer } from '@bitacora/client';
import { Option, type Command } from 'commander';
import { once } from 'node:events';
import { connect, withConnection, type ConnectionOptions } from '../connection.ts';
import { eventFilterOf, withEventFilter } from '../event-filter-options.ts';
import { tableHeading, tableLine } from '../event-table.ts';
import { createProgress } from '../progress.ts';
import { wholeNumber } from '../whole-number.ts';

type Options = ConnectionOptions &
  EventFilter & {
    readonly limit: number;
    readonly all?: true;
    readonly order: 'asc' | 'desc';
    readonly count?: true;
    readonly json?: true;
  };

const pageSizeMax = 1_000;

/** `bitacora search [query]`: prints a table, or one JSON entry on each line with `--json`. */
export function addSearch(program: Command): void {
  withEventFilter(withConnection(program.command('search')))
    .description('find events, newest first')
    .option('--limit <entries>', 'the greatest number of entries', wholeNumber, 50)
    .option('--all', 'all entries that match')
    .addOption(new Option('--order <order>', 'by time').choices(['asc', 'desc']).default('desc'))
    .option('--count', 'also print the number of entries (on stderr)')
    .option('--json', 'one JSON entry in each line')
    .action(search);
}

async function search(query: string | undefined, options: Options): Promise<void> {
  const { order, count, json } = options;
  const wanted = options.all === true ? Infinity : options.limit;
  const pages = connect(options).events.pages(eventFilterOf(query, options), {
    limit: Math.min(wanted, pageSizeMax),
    order,
    ...(count === true ? { count } : {}),
  });
  const progress = createProgress('search');
  let heading = json === true ? '' : `${tableHeading}\n`;
  let printed = 0;
  for await (const page of pages) {
    if (printed === 0) printCount(page);
    process.stdout.write(heading);
    heading = '';
    const lines = page.entries
      .slice(0, wanted - printed)
      .map((entry) => (json === true ? JSON.stringify(entry) : tableLine(entry)));
    printed += lines.length;
    const hasRoom = lines.length === 0 || process.stdout.write(`${lines.join('\n')}\n`);
    if (!hasRoom) await once(process.stdout, 'drain');
    if (!process.stdout.isTTY) progress.update({ done: printed, text: `${printed} entries` });
    if (printed >= wanted) break;
  }
  progress.end();
}

function printCount({ count, exact }: SearchAnswer): void {
  if (count !== undefined) process.stderr.write(`${exact === false ? 'about ' : ''}${count} found\n`);
}
