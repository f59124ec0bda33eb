import type { EventFilter } from '@bitacora/client';
import type { Command } from 'commander';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { connect, withConnection, type ConnectionOptions } from '../connection.ts';
import { eventFilterOf, withEventFilter } from '../event-filter-options.ts';
import { createProgress } from '../progress.ts';

type Options = ConnectionOptions & EventFilter & { readonly out?: string };

const pageSize = 1_000;

/** `bitacora export [query]`: all entries that match, oldest first, one JSON entry on each line. */
export function addExport(program: Command): void {
  withEventFilter(withConnection(program.command('export')))
    .description('write all events that match as JSON Lines, oldest first')
    .option('--out <file>', 'write to a file')
    .action(exportEvents);
}

async function exportEvents(query: string | undefined, options: Options): Promise<void> {
  const client = connect(options);
  const output: Writable = options.out === undefined ? process.stdout : createWriteStream(options.out);
  const failure = new Promise<never>((_resolve, reject) => output.once('error', reject));
  const progress = createProgress('export');
  let done = 0;
  const pages = client.events.pages(eventFilterOf(query, options), { limit: pageSize, order: 'asc' });
  for await (const { entries } of pages) {
    const hasRoom = output.write(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    if (!hasRoom) await Promise.race([once(output, 'drain'), failure]);
    done += entries.length;
    progress.update({ done, text: `${done} entries` });
  }
  if (output !== process.stdout) {
    output.end();
    await Promise.race([once(output, 'finish'), failure]);
  }
  progress.end();
}
