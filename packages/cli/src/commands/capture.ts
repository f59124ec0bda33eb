import { captureStatus, installCapture, uninstallCapture } from '@bitacora/sdk/postgres';
import type { Command } from 'commander';
import { capturedTableLines } from '../capture/captured-table-lines.ts';
import { forwardOutbox } from '../capture/forward-outbox.ts';
import { withHostDatabase } from '../capture/host-database.ts';
import { readTenantKeys } from '../capture/tenant-keys.ts';
import { CliError } from '../cli-error.ts';
import { connectionOf, withConnection, type ConnectionOptions } from '../connection.ts';
import type { Exit } from '../exit.ts';
import { wholeNumber } from '../whole-number.ts';

interface DatabaseOptions {
  readonly databaseUrl?: string;
}

interface TableOptions extends DatabaseOptions {
  readonly table: readonly string[];
  readonly all?: true;
}

interface InstallOptions extends TableOptions {
  readonly ignore: readonly string[];
  readonly mask: readonly string[];
  readonly role: readonly string[];
}

interface ForwardOptions extends DatabaseOptions, ConnectionOptions {
  readonly ledger?: string;
  readonly tenantKeys?: string;
  readonly batch: number;
  readonly once?: true;
}

/**
 * `bitacora capture install|uninstall|status|forward`: captures all changes of a PostgreSQL database, also those of other
 * programs.
 */
export function addCapture(program: Command, exit: Exit): void {
  const capture = program
    .command('capture')
    .description("capture the changes of a host's PostgreSQL database by triggers, and forward them");
  addInstall(capture);
  addUninstall(capture);
  addStatus(capture);
  addForward(capture, exit);
}

function addInstall(capture: Command): void {
  withTables(withDatabase(capture.command('install')))
    .description('capture tables; installing again replaces the earlier settings')
    .option('--ignore <column>', 'leave this column out (repeat)', collect, [])
    .option('--mask <column>', 'record that this column changed, without its values (repeat)', collect, [])
    .option('--role <role>', 'let this role write events in its own transactions (repeat)', collect, [])
    .action(async (options: InstallOptions) => {
      const { databaseUrl, ignore, mask, role: roles } = options;
      const tables = tablesOf(options);
      const installed = await withHostDatabase(urlOf(databaseUrl), (query) =>
        installCapture(query, { tables, ignore, mask, roles }).catch(asUsage),
      );
      process.stdout.write(installed.map((table) => `${table}: captured\n`).join(''));
    });
}

function addUninstall(capture: Command): void {
  withTables(withDatabase(capture.command('uninstall')))
    .description('stop capturing tables; rows that are in the outbox stay')
    .action(async (options: TableOptions) => {
      const tables = tablesOf(options);
      const removed = await withHostDatabase(urlOf(options.databaseUrl), (query) =>
        uninstallCapture(query, tables).catch(asUsage),
      );
      process.stdout.write(removed.map((table) => `${table}: not captured\n`).join(''));
    });
}

function addStatus(capture: Command): void {
  withDatabase(capture.command('status'))
    .description('list the tables and how each is captured')
    .option('--json', 'as JSON')
    .action(async ({ databaseUrl, json }: DatabaseOptions & { readonly json?: true }) => {
      const tables = await withHostDatabase(urlOf(databaseUrl), captureStatus);
      process.stdout.write(json === true ? `${JSON.stringify(tables)}\n` : capturedTableLines(tables));
    });
}

function addForward(capture: Command, exit: Exit): void {
  withConnection(withDatabase(capture.command('forward')))
    .description('send captured changes to the server, until interrupted; several may run')
    .option('--ledger <name>', "instead of the tenant's default ledger")
    .option(
      '--tenant-keys <file>',
      'JSON: tenant → API key, of events that name a tenant; absent: --key for all',
    )
    .option('--batch <rows>', 'rows in one request', wholeNumber, 500)
    .option('--once', 'end when there is nothing left; exit code 1 when rows were rejected or not taken')
    .action(async (options: ForwardOptions) => {
      const { url, key } = connectionOf(options);
      if (key === undefined) throw new CliError('--key: no API key: give it here or as BITACORA_API_KEY');
      const keys = options.tenantKeys === undefined ? undefined : await readTenantKeys(options.tenantKeys);
      const stop = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
      const { sent, rejected, later, held } = await withHostDatabase(urlOf(options.databaseUrl), (query) =>
        forwardOutbox({
          query,
          url,
          key,
          keyOf: keys && ((tenant) => keys.get(tenant)),
          ledger: options.ledger,
          batchRowsMax: options.batch,
          once: options.once === true,
          signal: stop.signal,
          onError: (error) => process.stderr.write(`${error.message}\n`),
        }),
      );
      if (options.once === true)
        process.stdout.write(`${sent} sent, ${rejected} rejected, ${later + held} not taken\n`);
      exit(rejected + later + held > 0 ? 1 : 0);
    });
}

function withDatabase(command: Command): Command {
  return command.option('--database-url <url>', "the host's PostgreSQL (DATABASE_URL)");
}

function withTables(command: Command): Command {
  return command
    .option('--table <name>', 'such as booking or sales.invoice (repeat)', collect, [])
    .option('--all', 'all tables of the database');
}

function tablesOf({ table, all }: TableOptions): readonly string[] | 'all' {
  if (table.length > 0 === (all === true))
    throw new CliError('give --table, once or several times, or --all');
  return all === true ? 'all' : table;
}

function urlOf(databaseUrl: string | undefined): string | undefined {
  return databaseUrl ?? process.env['DATABASE_URL'];
}

function collect(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}

/**
 * A table that does not exist is the user's mistake, so it becomes a `CliError`. An error of the database itself is passed
 * on.
 */
function asUsage(error: unknown): never {
  if (error instanceof Error && !('code' in error)) throw new CliError(error.message);
  throw error;
}
