import type { CatalogueTable } from './audited-table.ts';
import { takeOwnColumns } from './own-columns.ts';
import { parseRow, type RowValues } from './parse-row.ts';
import type { PgResult } from './pg-client.ts';
import type { WriteStatement } from './write-statement.ts';
import * as rewrite from './rewrite-statement.ts';
import type { RowChange } from './row-change.ts';
import type { SqlCommand } from './sql-command.ts';

/** Runs a statement, as the host would have had it run. */
export type RunCommand = (command: SqlCommand) => Promise<PgResult>;

interface Runs {
  /** With the host's settings of the query, such as `rowMode`. */
  readonly asHost: RunCommand;
  /** Rows are objects, values texts. */
  readonly plain: RunCommand;
}

export interface CapturedWrite {
  /** What the host gets. */
  readonly result: PgResult;
  /** `unseen`: the statement ran, and its rows could not be told. `triggered`: its table has triggers by now, which told them. */
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

/** Runs a write in the open transaction and tells its rows, each once, before and after. */
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
    const result = await asHost(rewrite.deleteTelling(write, values, table));
    const own = takeOwnColumns(result, hadReturning);
    const read = (one: OwnColumns): RowChange => ({ before: parse(one['__bitacora_before']) });
    return { result, rows: await unlessTriggered(own, context, read) };
  }
  if (write.verb === 'update') {
    const found = await context.plain(rewrite.selectBefore(write, values, context.updateRowsMax));
    const rows = distinctRows(found.rows);
    if (found.rows.length > context.updateRowsMax) return unseen();
    const result = await asHost(rewrite.updateLocked(write, values, { rows, table }));
    const own = takeOwnColumns(result, hadReturning);
    const read = (one: OwnColumns): RowChange => ({
      before: parse(rows[Number(one['__bitacora_place']) - 1]?.before),
      after: parse(one['__bitacora_after']),
    });
    return { result, rows: await unlessTriggered(own, context, read) };
  }
  const conflict = rewrite.conflictColumns(write, table);
  if (conflict === 'unknown') return unseen();
  if (conflict === 'none') {
    const result = await asHost(rewrite.insertTelling(write, values, table));
    const own = takeOwnColumns(result, hadReturning);
    const read = (one: OwnColumns): RowChange => ({ after: parse(one['__bitacora_after']) });
    return { result, rows: await unlessTriggered(own, context, read) };
  }
  return captureUpsert(write, values, { ...context, conflict, parse, unseen });
}

// A row that another transaction commits between our look and the insert is changed without our having seen it: then again.
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
  const select = rewrite.selectMet(write, values, { conflict, of: table });
  if (select === undefined) return context.unseen();
  await plain({ text: 'savepoint __bitacora', values: [] });
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const found = select === 'none' ? [] : await rowsMet(select, plain);
    if (found === undefined) break;
    const met = found.map((row) => parse(textIn(row, 'before')));
    const known = [conflict, table.key].map(
      (columns) => new Map(met.map((row) => [keyOf(row, columns), row])),
    );
    const result = await asHost(rewrite.insertTelling(write, values, table));
    const own = takeOwnColumns(result, write.returning !== '');
    const rows = own.map((one) => {
      const after = parse(one['__bitacora_after']);
      const made = one['__bitacora_made'] === 'true';
      const before = made
        ? undefined
        : (known[0]?.get(keyOf(after, conflict)) ?? known[1]?.get(keyOf(after, table.key)));
      return { row: { before, after }, unknown: !made && !before && !table.partitioned };
    });
    if (!rows.some(({ unknown }) => unknown)) {
      await plain({ text: 'release savepoint __bitacora', values: [] });
      return { result, rows: (await areTriggered(own, context)) ? 'triggered' : rows.map(({ row }) => row) };
    }
    await plain({ text: 'rollback to savepoint __bitacora', values: [] });
  }
  return context.unseen();
}

/**
 * Undefined where the values cannot be compared with the columns, although they can be put there, as a number into a text.
 * The savepoint is as it was.
 */
async function rowsMet(select: SqlCommand, plain: RunCommand): Promise<readonly unknown[] | undefined> {
  try {
    return (await plain(select)).rows;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && /^42/.test(String(error.code)))) throw error;
    await plain({ text: 'rollback to savepoint __bitacora', values: [] });
    return undefined;
  }
}

type OwnColumns = Readonly<Record<string, string>>;

async function unlessTriggered(
  own: readonly OwnColumns[],
  context: WriteContext,
  read: (one: OwnColumns) => RowChange,
): Promise<readonly RowChange[] | 'triggered'> {
  return (await areTriggered(own, context)) ? 'triggered' : own.map(read);
}

async function areTriggered(own: readonly OwnColumns[], context: WriteContext): Promise<boolean> {
  const told = own[0]?.['__bitacora_triggered'];
  return told === 'unknown' ? context.isTriggered(context.table) : told === 'true';
}

function keyOf(row: RowValues, columns: readonly string[]): string {
  return JSON.stringify(columns.map((column) => row[column] ?? null));
}

/** A join may have found a row several times. */
function distinctRows(rows: readonly unknown[]): readonly { o: string; c: string; before: string }[] {
  const found = new Map<string, { o: string; c: string; before: string }>();
  for (const row of rows) {
    const one = { o: textIn(row, 'o'), c: textIn(row, 'c'), before: textIn(row, 'before') };
    found.set(`${one.o} ${one.c}`, one);
  }
  return [...found.values()];
}

function textIn(row: unknown, column: string): string {
  return typeof row === 'object' && row !== null ? String(Reflect.get(row, column)) : '';
}
