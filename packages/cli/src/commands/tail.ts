import type { EventFilter } from '@bitacora/client';
import type { Command } from 'commander';
import { connect, withConnection, type ConnectionOptions } from '../connection.ts';
import { eventFilterOf, withEventFilter } from '../event-filter-options.ts';
import { tableHeading, tableLine } from '../event-table.ts';
import { wholeNumber } from '../whole-number.ts';

type Options = ConnectionOptions &
  EventFilter & { readonly after?: string; readonly limit?: number; readonly json?: true };

/** `bitacora tail [query]`: shows new entries until interrupted. With `--json` each line is `{cursor, entry}`. */
export function addTail(program: Command): void {
  withEventFilter(withConnection(program.command('tail')))
    .description('show new events until interrupted')
    .option('--after <cursor>', 'continue after an earlier entry')
    .option('--limit <entries>', 'end after this many entries', wholeNumber)
    .option('--json', 'one JSON object {cursor, entry} in each line')
    .action(async (query: string | undefined, options: Options) => {
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      const { after, json, limit = Infinity } = options;
      const entries = connect(options).events.tail(eventFilterOf(query, options), {
        signal: stop.signal,
        onReconnect: (error, waitMs) =>
          process.stderr.write(
            `${error instanceof Error ? error.message : String(error)}; again in ${(waitMs / 1_000).toFixed(1)} s\n`,
          ),
        ...(after === undefined ? {} : { after }),
      });
      if (json !== true) process.stdout.write(`${tableHeading}\n`);
      let received = 0;
      for await (const tailed of entries) {
        process.stdout.write(`${json === true ? JSON.stringify(tailed) : tableLine(tailed.entry)}\n`);
        if (++received >= limit) return;
      }
    });
}
