import type { CatalogueTable } from './audited-table.ts';
import { takeOwnColumns } from './take-own-columns.ts';
import { parseRow, type RowValues } from './parse-row.ts';
import type { PgResult } from './pg-client.ts';
import type { WriteStatement } from './write-statement.ts';
import * as rewrite from './rewrite-statement.ts';
import type { RowChange } from './row-change.ts';
import type { SqlCommand } from './sql-command.ts';

/** Runs a statement. */
export type RunCommand = (command: SqlCommand) => Promise<PgResult>;

interface Runs {
  /** With the host's settings of the query, such as `rowMode`. */
  readonly asHost: RunCommand;
  /** Rows are objects, values texts. */
  readonly plain: RunCommand;
}

export interface CapturedWrite {
  /** The answer that the host gets. */
  readonly result: PgResult;
  /** `unseen`: the statement ran, but its rows could not be read. `triggered`: the table has triggers by now, which captured them. */
  readonly rows: readonly RowChange[] | 'unseen' | 'triggered';
}

const attemptsMax = 3;

interface WriteContext extends Runs {
  readonly table: CatalogueTable;
  /** Whether the table's triggers are there now, whatever the snapshot of the transaction shows. */
  readonly isTriggered: (table: CatalogueTable) => Promise<boolean>;
  readonly original: SqlCommand;
  readonly updateRowsMax: number;
}

/** Runs a write in the open transaction and returns each row that it changed, before and after. */
export async function captureWrite(
  write: WriteStatement,
  values: readonly unknown[],
  context: WriteContext,
): Promise<CapturedWrite> {
  const { table, asHost, original } = context;
  const parse = (json: string | undefined): RowValues => parseRow(json ?? '{}', table.exact);
  const unseen = async (): Promise<CapturedWrite> => ({ result: await asHost(original), rows: 'unseen' });
  const hadReturning = write.returning !== '';
  if (write.verb === 'delete') {
    const result = await asHost(rewrite.deleteReturning(write, values, table));
    const own = takeOwnColumns(result, hadReturning);
    const read = (columns: OwnColumns): RowChange => ({ before: parse(columns['__bitacora_before']) });
    return { result, rows: await unlessTriggered(own, context, read) };
  }
  if (write.verb === 'update') {
    const locked = await context.plain(rewrite.selectBefore(write, values, context.updateRowsMax));
    if (locked.rows.length > context.updateRowsMax) return unseen();
    const rows = distinctRows(locked.rows);
    const result = await asHost(rewrite.updateLocked(write, values, { rows, table }));
    const own = takeOwnColumns(result, hadReturning);
    const read = (columns: OwnColumns): RowChange => ({
      before: parse(rows[Number(columns['__bitacora_place']) - 1]?.before),
      after: parse(columns['__bitacora_after']),
    });
    return { result, rows: await unlessTriggered(own, context, read) };
  }
  const conflict = rewrite.conflictColumns(write, table);
  if (conflict === 'unknown') return unseen();
  if (conflict === 'none') {
    const result = await asHost(rewrite.insertReturning(write, values, table));
    const own = takeOwnColumns(result, hadReturning);
    const read = (columns: OwnColumns): RowChange => ({ after: parse(columns['__bitacora_after']) });
    return { result, rows: await unlessTriggered(own, context, read) };
  }
  return captureUpsert(write, values, { ...context, conflict, parse, unseen });
}

/**
 * Reads the rows with which the insert will conflict, and then inserts. When another transaction commits a row in between, the
 * insert may change a row that was not read. Then both are done again.
 */
async function captureUpsert(
  write: Extract<WriteStatement, { verb: 'insert' }>,
  values: readonly unknown[],
  context: WriteContext & {
    readonly conflict: readonly string[];
    readonly parse: (json: string | undefined) => RowValues;
    readonly unseen: () => Promise<CapturedWrite>;
  },
): Promise<CapturedWrite> {
  const { table, conflict, parse, plain, asHost } = context;
  const select = rewrite.selectConflicting(write, values, { conflict, of: table });
  if (select === undefined) return context.unseen();
  await plain({ text: 'savepoint __bitacora', values: [] });
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const existing = select === 'none' ? [] : await conflictingRows(select, plain);
    if (existing === undefined) break;
    const beforeOf = rowsByKey(
      existing.map((row) => parse(textIn(row, 'before'))),
      [conflict, table.key],
    );
    const result = await asHost(rewrite.insertReturning(write, values, table));
    const own = takeOwnColumns(result, write.returning !== '');
    const rows = own.map((columns) => {
      const after = parse(columns['__bitacora_after']);
      const isNew = columns['__bitacora_made'] === 'true';
      const before = isNew ? undefined : beforeOf(after);
      return { row: { before, after }, isUnread: !isNew && !before && !table.partitioned };
    });
    if (!rows.some(({ isUnread }) => isUnread)) {
      await plain({ text: 'release savepoint __bitacora', values: [] });
      return { result, rows: (await areTriggered(own, context)) ? 'triggered' : rows.map(({ row }) => row) };
    }
    await plain({ text: 'rollback to savepoint __bitacora', values: [] });
  }
  return context.unseen();
}

/**
 * Reads the rows with which the insert will conflict. Undefined when the values cannot be compared with the columns although
 * they can be stored in them, such as a number in a text column. The transaction is then back at the savepoint.
 */
async function conflictingRows(
  select: SqlCommand,
  plain: RunCommand,
): Promise<readonly unknown[] | undefined> {
  try {
    return (await plain(select)).rows;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && /^42/.test(String(error.code)))) throw error;
    await plain({ text: 'rollback to savepoint __bitacora', values: [] });
    return undefined;
  }
}

/** Makes the function that finds the row with the same values in the first of the keys by which there is one. */
function rowsByKey(
  rows: readonly RowValues[],
  keys: readonly (readonly string[])[],
): (row: RowValues) => RowValues | undefined {
  const maps = keys.map((columns) => new Map(rows.map((row) => [keyOf(row, columns), row])));
  return (row) => {
    for (const [i, columns] of keys.entries()) {
      const match = maps[i]?.get(keyOf(row, columns));
      if (match !== undefined) return match;
    }
    return undefined;
  };
}

type OwnColumns = Readonly<Record<string, string>>;

async function unlessTriggered(
  own: readonly OwnColumns[],
  context: WriteContext,
  read: (columns: OwnColumns) => RowChange,
): Promise<readonly RowChange[] | 'triggered'> {
  return (await areTriggered(own, context)) ? 'triggered' : own.map(read);
}

async function areTriggered(own: readonly OwnColumns[], context: WriteContext): Promise<boolean> {
  const triggered = own[0]?.['__bitacora_triggered'];
  return triggered === 'unknown' ? context.isTriggered(context.table) : triggered === 'true';
}

function keyOf(row: RowValues, columns: readonly string[]): string {
  return JSON.stringify(columns.map((column) => row[column] ?? null));
}

interface LockedRow {
  readonly o: string;
  readonly c: string;
  readonly before: string;
}

/** Each row once: a join may have found a row several times. */
function distinctRows(rows: readonly unknown[]): readonly LockedRow[] {
  const byPlace = new Map<string, LockedRow>();
  for (const row of rows) {
    const locked = { o: textIn(row, 'o'), c: textIn(row, 'c'), before: textIn(row, 'before') };
    byPlace.set(`${locked.o} ${locked.c}`, locked);
  }
  return [...byPlace.values()];
}

function textIn(row: unknown, column: string): string {
  return typeof row === 'object' && row !== null ? String(Reflect.get(row, column)) : '';
}
