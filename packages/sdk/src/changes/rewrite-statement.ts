import type { CatalogueTable } from './audited-table.ts';
import { columnName } from './statement-cursor.ts';
import type { WriteStatement } from './write-statement.ts';
import { partOf, quoted, type SqlCommand } from './sql-command.ts';

type Update = Extract<WriteStatement, { verb: 'update' }>;
type Insert = Extract<WriteStatement, { verb: 'insert' }>;

/** The names of our columns in the answers of rewritten statements begin with this. */
export const ownColumn = '__bitacora_';

/** Makes the query that locks and reads the rows that an update will find, at most `rowsMax` and one more. */
export function selectBefore(write: Update, values: readonly unknown[], rowsMax: number): SqlCommand {
  const { head, alias, from, where } = write;
  const text = `${head}select ${alias}.tableoid::text as o, ${alias}.ctid::text as c, row_to_json(${alias}.*)::text as before
    from ${tableOf(write)}${from && `, ${from}`}${where && ` where (${where}\n)`} limit ${rowsMax + 1} for no key update of ${alias}`;
  return partOf(text, values);
}

/** Makes the update of exactly the rows that were locked, which returns each row's place among them. A row that no longer fits is left alone. */
export function updateLocked(
  write: Update,
  values: readonly unknown[],
  { rows, table }: { readonly rows: readonly { o: string; c: string }[]; readonly table: CatalogueTable },
): SqlCommand {
  const { head, alias, set, from, where } = write;
  const oids = `$${values.length + 1}`;
  const places = `$${values.length + 2}`;
  const locked = `unnest(${oids}::text[]::oid[], ${places}::text[]::tid[]) with ordinality as __bitacora(__bitacora_o, __bitacora_c, __bitacora_n)`;
  const text = `${head}update ${tableOf(write)} set ${set} from ${from && `${from}, `}${locked}
    where ${alias}.tableoid = __bitacora_o and ${alias}.ctid = __bitacora_c${where && ` and (${where}\n)`}
    ${returningWith(write, table, `__bitacora_n::text as __bitacora_place, row_to_json(${alias}.*)::text as __bitacora_after`)}`;
  return { text, values: [...values, rows.map(({ o }) => o), rows.map(({ c }) => c)] };
}

/** Makes the delete that also returns the rows it removed. */
export function deleteReturning(
  write: Extract<WriteStatement, { verb: 'delete' }>,
  values: readonly unknown[],
  table: CatalogueTable,
): SqlCommand {
  const { head, alias, from, where } = write;
  const text = `${head}delete from ${tableOf(write)}${from && ` using ${from}`}${where && ` where ${where}`}
    ${returningWith(write, table, `row_to_json(${alias}.*)::text as __bitacora_before`)}`;
  return { text, values };
}

/** Makes the insert that also returns the rows it made or, by its `on conflict`, changed. */
export function insertReturning(
  write: Insert,
  values: readonly unknown[],
  table: CatalogueTable,
): SqlCommand {
  const { head, alias, body } = write;
  const made = table.partitioned ? `''` : `(${alias}.xmax = 0)::text`;
  const own = `row_to_json(${alias}.*)::text as __bitacora_after, ${made} as __bitacora_made`;
  return { text: `${head}${body}\n${returningWith(write, table, own)}`, values };
}

/** The columns that decide about a conflict; `none` where no conflict changes a row, `unknown` where the catalogue has no such constraint. */
export function conflictColumns(
  write: Insert,
  table: CatalogueTable,
): readonly string[] | 'none' | 'unknown' {
  const { conflict } = write;
  if (!conflict || conflict.kind === 'nothing') return 'none';
  return conflict.kind === 'columns' ? conflict.columns : (table.unique.get(conflict.name) ?? 'unknown');
}

/** Makes the query that locks and reads the rows that an insert will conflict with; undefined where the insert's columns are not known. */
export function selectConflicting(
  write: Insert,
  values: readonly unknown[],
  { conflict, of }: { readonly conflict: readonly string[]; readonly of: CatalogueTable },
): SqlCommand | 'none' | undefined {
  const { head, table, alias, source } = write;
  // A query may give fewer values than there are columns.
  const columns = write.columns ?? (typeof source === 'string' ? undefined : of.columns);
  const places = conflict.map((column) => columns?.indexOf(column) ?? -1);
  if (!columns || places.includes(-1)) return columns ? 'none' : undefined;
  const keys = `(${conflict.map((column) => `${alias}.${quoted(column)}`).join(', ')})`;
  const tuples =
    typeof source === 'string' ? undefined : source.map((row) => places.map((at) => row[at] ?? 'null'));
  // A default is taken for a new number of a sequence, which no row has.
  const given = tuples?.filter((tuple) => !tuple.some((value) => /^default$/i.test(value)));
  if (given?.length === 0) return 'none';
  const wanted =
    given?.map((tuple) => `(${tuple.join(', ')})`).join(', ') ??
    `select ${conflict.map((column) => `s.${quoted(column)}`).join(', ')} from (${String(source)}\n) as s(${columns.map(quoted).join(', ')})`;
  const part = write.conflict?.kind === 'columns' ? write.conflict.where : '';
  const indexed = part && ` and (${part}\n)`;
  const text = `${head}select row_to_json(${alias}.*)::text as before from ${table}${aliasOf(table, alias)} where ${keys} in (${wanted})${indexed} for no key update of ${alias}`;
  return partOf(text, values);
}

// While a transaction holds a lock to change rows, no trigger can be created, so the statement sees the triggers that it fires.
// Only when a transaction has one snapshot for all its statements may the snapshot be older than the triggers.
function returningWith({ returning }: WriteStatement, table: CatalogueTable, own: string): string {
  const exists = (enabled: string): string =>
    `exists (select from pg_catalog.pg_trigger where tgrelid = ${table.oid} and tgname = 'bitacora_capture_insert' and ${enabled})`;
  const triggered = `case when pg_catalog.current_setting('transaction_isolation') in ('read committed', 'read uncommitted')
    then ${exists(`tgenabled in ('O', 'A')`)}::text when ${exists(`tgenabled not in ('O', 'A')`)} then 'false' else 'unknown' end`;
  return `returning ${returning && `${returning}, `}${own}, ${triggered} as __bitacora_triggered`;
}

function tableOf(write: Exclude<WriteStatement, Insert>): string {
  return `${write.only ? 'only ' : ''}${write.table}${aliasOf(write.table, write.alias)}`;
}

// An alias would hide the name with its schema, which the rest of the statement may use.
function aliasOf(table: string, alias: string): string {
  return columnName(alias) === columnName(table.replace(/^.*\.(?=[^.]+$)/, '')) ? '' : ` as ${alias}`;
}
