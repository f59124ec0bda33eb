import type { RecentStatus, RecentSync } from '@bitacora/client';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { connect, withConnection, type ConnectionOptions } from '../connection.ts';
import type { Exit } from '../exit.ts';
import { wholeNumber } from '../whole-number.ts';

type LedgerOptions = ConnectionOptions & { readonly ledger?: string; readonly json?: true };
type SyncOptions = LedgerOptions & {
  readonly days?: number;
  readonly only?: readonly string[];
  readonly clientId?: string;
};

/** `bitacora recent sync|clear|status`. */
export function addRecent(program: Command, exit: Exit): void {
  const recent = program
    .command('recent')
    .description('the store of the newest entries (needs a key with the scope admin)');
  withConnection(recent.command('sync'))
    .description('fill the store again from the database, ledger by ledger; exit code 1 when one failed')
    .option('--days <days>', 'only entries of the last days; by default all that it may hold', wholeNumber)
    .option('--ledger <name>', 'by default all ledgers that the key reaches')
    .option('--only <field=value...>', 'also print how many entries of one key of an index are then held')
    .option('--client-id <id>', 'the same as --only subject=<id>')
    .option('--json', 'one line for each ledger')
    .action(async (options: SyncOptions) => exit(await sync(options)));
  withConnection(recent.command('clear'))
    .description('empty the store; deletes only its own keys, also while events are written')
    .option('--ledger <name>', 'by default all ledgers that the key reaches')
    .option('--json')
    .action(clear);
  withConnection(recent.command('status'))
    .description('show what the store holds and how often it answered')
    .option('--json')
    .action(status);
}

async function sync(options: SyncOptions): Promise<number> {
  const { days, json } = options;
  const client = connect(options);
  const { store, ledgers } = await client.recent.status();
  if (store === 'off') throw new CliError('the recent store of that server is turned off (BITACORA_RECENT)');
  const names = options.ledger === undefined ? ledgers.map(({ ledger }) => ledger) : [options.ledger];
  const only = keyOf(options);
  let entries = 0;
  let errors = 0;
  for (const [position, ledger] of names.entries()) {
    const [row] = await client.recent.sync({ ledger, ...(days && { days }), ...(only && { only }) });
    if (!row) continue;
    entries += row.entries;
    if (row.error !== undefined) errors++;
    process.stdout.write(
      json === true ? `${JSON.stringify(row)}\n` : `${position + 1}/${names.length} ${lineOf(row)}\n`,
    );
  }
  process.stderr.write(`${names.length} ledgers, ${entries} entries, ${errors} errors\n`);
  return errors > 0 ? 1 : 0;
}

function lineOf({ ledger, entries, ofKey, durationMs, error }: RecentSync): string {
  if (error !== undefined) return `${ledger}: ${error}`;
  return `${ledger}: ${entries} entries in ${durationMs} ms${ofKey === undefined ? '' : `, ${ofKey} of the key`}`;
}

function keyOf({ only = [], clientId }: SyncOptions): Record<string, string> | undefined {
  const pairs = only.map((text): [string, string] => {
    const [, field, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (field === undefined || value === undefined)
      throw new CliError(`--only must have the form field=value, such as subject=1042, not ${text}`);
    return [field, value];
  });
  if (clientId !== undefined) pairs.push(['subject', clientId]);
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}

async function clear(options: LedgerOptions): Promise<void> {
  const { ledger, json } = options;
  const cleared = await connect(options).recent.clear(ledger === undefined ? {} : { ledger });
  for (const row of cleared)
    process.stdout.write(
      json === true ? `${JSON.stringify(row)}\n` : `${row.ledger}: ${row.keys} keys deleted\n`,
    );
}

async function status(options: ConnectionOptions & { readonly json?: true }): Promise<void> {
  const answer = await connect(options).recent.status();
  process.stdout.write(options.json === true ? `${JSON.stringify(answer)}\n` : `${tableOf(answer)}\n`);
}

function tableOf({ store, state, days, counters, ledgers }: RecentStatus): string {
  const counted = Object.entries(counters).map(([name, count]) => `${name} ${count}`);
  return [
    `store ${store}, ${state}, ${days} days`,
    counted.join(', '),
    ...ledgers.map(({ ledger, entries, bytes, since, complete }) =>
      [
        ledger.padEnd(32),
        `${entries} entries`.padEnd(16),
        (bytes === null ? 'size not known' : `${bytes} bytes`).padEnd(16),
        complete && entries > 0 ? 'all of it' : `since ${since ?? '-'}`,
      ].join('  '),
    ),
  ].join('\n');
}
