import {
  columnName,
  lastName,
  take,
  takeList,
  takeName,
  takeUntil,
  type Cursor,
  type Sql,
} from './statement-cursor.ts';
import type { Conflict, WriteStatement } from './write-statement.ts';

/** Reads an insert, from behind the word `insert`; undefined where it is not understood. */
export function readInsert(cursor: Cursor): WriteStatement | undefined {
  const verb = cursor.tokens[cursor.at - 1];
  if (!verb || !take(cursor, 'into')) return undefined;
  const table = takeName(cursor);
  if (table === undefined) return undefined;
  const alias = take(cursor, 'as') ? takeName(cursor) : table;
  const columns =
    cursor.tokens[cursor.at]?.text === '(' && !queryFollows(cursor)
      ? takeList(cursor)?.map(columnName)
      : undefined;
  if (take(cursor, 'overriding')) cursor.at += 2;
  const source = takeSource(cursor);
  if (source === undefined || alias === undefined) return undefined;
  const conflict = take(cursor, 'on') ? takeConflict(cursor) : undefined;
  if (conflict === null) return undefined;
  const end = cursor.tokens[cursor.at]?.start ?? cursor.sql.length;
  const returning = take(cursor, 'returning') ? takeUntil(cursor, []) : '';
  if (cursor.at < cursor.tokens.length || /^with\b/i.test(returning)) return undefined;
  const body = withoutEnd(cursor.sql.slice(verb.start, end));
  return {
    verb: 'insert',
    head: cursor.head,
    table,
    alias: lastName(alias),
    body,
    columns,
    source,
    conflict,
    returning,
  };
}

function takeSource(cursor: Cursor): (readonly Sql[])[] | Sql | undefined {
  if (take(cursor, 'default')) return take(cursor, 'values') ? [[]] : undefined;
  if (!take(cursor, 'values'))
    return takeUntil(cursor, ['on', 'returning'], (before) => before !== 'join') || undefined;
  const rows: (readonly Sql[])[] = [];
  do {
    const row = takeList(cursor);
    if (!row) return undefined;
    rows.push(row);
  } while (take(cursor, ','));
  return rows;
}

/** Null where the conflict clause is not understood. */
function takeConflict(cursor: Cursor): Conflict | null {
  if (!take(cursor, 'conflict')) return null;
  let target: Conflict | undefined;
  if (cursor.tokens[cursor.at]?.text === '(') {
    const columns = takeList(cursor);
    if (!columns?.every((column) => /^(?:[\w$]+|"(?:[^"]|"")+")$/.test(column))) return null;
    const where = take(cursor, 'where') ? takeUntil(cursor, ['do']) : '';
    target = { kind: 'columns', columns: columns.map(columnName), where };
  } else if (take(cursor, 'on')) {
    const name = take(cursor, 'constraint') ? takeName(cursor) : undefined;
    if (name === undefined) return null;
    target = { kind: 'constraint', name: columnName(name) };
  }
  if (!take(cursor, 'do')) return null;
  if (take(cursor, 'nothing')) return { kind: 'nothing' };
  takeUntil(cursor, ['returning']);
  return target ?? null;
}

function queryFollows(cursor: Cursor): boolean {
  return /^(?:select|values|with|table)$/.test(cursor.tokens[cursor.at + 1]?.text ?? '');
}

function withoutEnd(sql: Sql): Sql {
  return sql.replace(/[\s;]+$/, '');
}
