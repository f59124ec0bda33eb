import { readCatalogue, type RunQuery } from '../changes/read-catalogue.ts';
import { outboxInstallSql } from '../outbox/install-outbox.ts';
import { captureFunctionsSql } from './capture-functions.ts';

export interface CaptureTablesOptions {
  /** Names as in SQL: `booking`, `sales.invoice`, `"Odd Name"`; or all tables of the database except those of the system. */
  readonly tables: readonly string[] | 'all';
  /** Columns that are left out. A change of only these gives no event. */
  readonly ignore?: readonly string[];
  /** Columns of which an event says only that they changed; their values never reach the outbox. */
  readonly mask?: readonly string[];
  /** Who may write to the outbox directly, for mode `outbox`. Writers of captured tables need nothing. */
  readonly roles?: readonly string[];
}

/** One table, or partition, with or without its triggers. */
export interface CapturedTable {
  readonly table: string;
  readonly captured: boolean;
  readonly enabled: boolean;
  readonly ignore: readonly string[];
  readonly mask: readonly string[];
}

/**
 * Installs the triggers on tables, and on each of their partitions, because a statement may name a partition directly. A
 * second installation replaces the first. Needs a role that owns the tables and may create a schema. Resolves with the names
 * of the tables; rejects, before anything is changed, where one is not a table.
 */
export async function installCapture(
  query: RunQuery,
  options: CaptureTablesOptions,
): Promise<readonly string[]> {
  const { tables, ignore = [], mask = [], roles = [] } = options;
  const listed = tables === 'all' ? await allTables(query) : await namedTables(query, tables);
  const commands: string[] = [];
  const hidden = ignore.length + mask.length > 0;
  for (const { oid, table } of listed) {
    const { schema, name, key } = (await readCatalogue(query, { oid })) ?? {};
    const settings = literal(JSON.stringify({ schema, name, key, ...(hidden && { ignore, mask }) }));
    commands.push(
      dropTriggers(table),
      ...events.map((event) => createTrigger(table, event, { hidden, settings })),
    );
  }
  // One script is one transaction: all of it is installed, or nothing.
  await query([outboxInstallSql({ roles }), captureFunctionsSql(), ...commands].join('\n'), []);
  return listed.map(({ table }) => table);
}

/** Removes the triggers from tables, or from all tables. The outbox and its rows stay. */
export async function uninstallCapture(
  query: RunQuery,
  tables: readonly string[] | 'all',
): Promise<readonly string[]> {
  const captured = (await captureStatus(query)).filter((status) => status.captured).map(({ table }) => table);
  const wanted = tables === 'all' ? captured : (await namedTables(query, tables)).map(({ table }) => table);
  const dropped = captured.filter((table) => wanted.includes(table));
  if (dropped.length > 0) await query(dropped.map(dropTriggers).join('\n'), []);
  return dropped;
}

/** All tables of the database that can have triggers, with the triggers that they have. */
export async function captureStatus(query: RunQuery): Promise<readonly CapturedTable[]> {
  const { rows } = await query(statusSql, []);
  return rows.map((row) => JSON.parse(textIn(row, 'description')));
}

const events = [
  { name: 'insert', referencing: 'referencing new table as new_rows' },
  {
    name: 'update',
    referencing: 'referencing old table as old_rows new table as new_rows',
  },
  { name: 'delete', referencing: 'referencing old table as old_rows' },
  { name: 'truncate', referencing: '' },
];

function createTrigger(
  table: string,
  { name, referencing }: (typeof events)[number],
  { hidden, settings }: { readonly hidden: boolean; readonly settings: string },
): string {
  const variant = hidden && name !== 'truncate' ? `${name}_hidden` : name;
  return `create trigger bitacora_capture_${name} after ${name} on ${table} ${referencing} for each statement execute function bitacora.capture_${variant}(${settings});`;
}

function dropTriggers(table: string): string {
  return events.map(({ name }) => `drop trigger if exists bitacora_capture_${name} on ${table};`).join('\n');
}

const ownTables = `n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'bitacora') and c.relkind in ('r', 'p') and c.relpersistence <> 't'`;

const listSql = `select json_build_object('oid', c.oid::text, 'table', format('%I.%I', n.nspname, c.relname))::text as description
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where ${ownTables}`;

const statusSql = `select json_build_object(
  'table', format('%I.%I', n.nspname, c.relname), 'captured', t.oid is not null, 'enabled', coalesce(t.tgenabled in ('O', 'A'), false),
  'ignore', coalesce(o.options -> 'ignore', '[]'), 'mask', coalesce(o.options -> 'mask', '[]'))::text as description
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_trigger t on t.tgrelid = c.oid and t.tgname = 'bitacora_capture_insert'
left join lateral (select convert_from(substring(t.tgargs from 1 for position('\\x00'::bytea in t.tgargs) - 1), 'UTF8')::json as options) o on true
where ${ownTables} order by n.nspname, c.relname`;

interface ListedTable {
  readonly oid: string;
  readonly table: string;
}

async function allTables(query: RunQuery): Promise<readonly ListedTable[]> {
  const { rows } = await query(`${listSql} order by n.nspname, c.relname`, []);
  return rows.map(listedTable);
}

async function namedTables(query: RunQuery, names: readonly string[]): Promise<readonly ListedTable[]> {
  const tables = new Map<string, ListedTable>();
  for (const name of names) {
    const { rows } = await query(
      `${listSql} and (c.oid = pg_catalog.to_regclass($1) or c.oid in (select relid from pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1))))`,
      [name],
    );
    if (rows.length === 0) throw new Error(`there is no table ${name}`);
    for (const listed of rows.map(listedTable)) tables.set(listed.oid, listed);
  }
  return [...tables.values()];
}

function listedTable(row: unknown): ListedTable {
  return JSON.parse(textIn(row, 'description'));
}

function textIn(row: unknown, column: string): string {
  return typeof row === 'object' && row !== null ? String(Reflect.get(row, column)) : '';
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
