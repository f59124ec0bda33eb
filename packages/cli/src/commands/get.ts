import type { Entry, RelatedEntries } from '@bitacora/client';
import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { connect, withConnection, type ConnectionOptions } from '../connection.ts';
import { tableHeading, tableLine } from '../event-table.ts';
import { wholeNumber } from '../whole-number.ts';

type JsonOption = { readonly json?: true };

/** `bitacora get`, `related` and `proof`: what belongs to the id of one event. */
export function addGet(program: Command): void {
  withConnection(program.command('get'))
    .description('show one event as JSON, with the personal values that still exist')
    .argument('<id>', 'id of the event')
    .option('--ledger <name>', 'the ledger, when the id is an index in it')
    .action(get);
  withConnection(program.command('related'))
    .description('show the events of the same correlation, session and target')
    .argument('<id>', 'id of the event')
    .option('--limit <entries>', 'the greatest number of entries of each kind', wholeNumber, 50)
    .option('--json', 'the answer as JSON')
    .action(related);
  withConnection(program.command('proof'))
    .description(
      'the proof that an entry is in its ledger (C2SP tlog-proof), which is verified without the server',
    )
    .argument('<id>', 'id of the event')
    .option('--out <file>', 'write it to a file')
    .action(proof);
}

async function get(id: string, options: ConnectionOptions & { readonly ledger?: string }): Promise<void> {
  const { ledger } = options;
  const entry = await connect(options).events.get(id, ledger === undefined ? {} : { ledger });
  process.stdout.write(`${JSON.stringify(entry, undefined, 2)}\n`);
}

async function related(
  id: string,
  options: ConnectionOptions & JsonOption & { readonly limit: number },
): Promise<void> {
  const answer = await connect(options).events.related(id, { limit: options.limit });
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
    return;
  }
  for (const kind of ['correlation', 'session', 'target'] as const)
    process.stdout.write(shownKind(kind, answer[kind]));
}

function shownKind(kind: string, entries: RelatedEntries | undefined): string {
  if (entries === undefined) return `the event has no ${kind}\n\n`;
  const lines = entries.entries.map((entry: Entry) => tableLine(entry));
  return `${entries.count} with the same ${kind}\n${[tableHeading, ...lines].join('\n')}\n\n`;
}

async function proof(id: string, options: ConnectionOptions & { readonly out?: string }): Promise<void> {
  const text = await connect(options).events.proof(id);
  if (options.out === undefined) process.stdout.write(text);
  else await writeFile(options.out, text);
}
