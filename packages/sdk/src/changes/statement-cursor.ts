import type { SqlToken } from './sql-tokens.ts';

/** A piece of a statement as it was written; empty where the statement has no such piece. */
export type Sql = string;

/** Goes through a statement, token by token. */
export interface Cursor {
  readonly sql: string;
  readonly tokens: readonly SqlToken[];
  readonly head: Sql;
  at: number;
}

export function take(cursor: Cursor, text: string): boolean {
  const token = cursor.tokens[cursor.at];
  if (token?.text !== text || (token.kind !== 'word' && token.kind !== 'symbol')) return false;
  cursor.at += 1;
  return true;
}

/** Takes a name with its schema, as written. */
export function takeName(cursor: Cursor): Sql | undefined {
  const first = cursor.tokens[cursor.at];
  if (first?.kind !== 'word' && first?.kind !== 'name') return undefined;
  cursor.at += 1;
  while (take(cursor, '.')) cursor.at += 1;
  return cursor.sql.slice(first.start, cursor.tokens[cursor.at - 1]?.end);
}

export function takeAlias(cursor: Cursor, next: readonly string[]): Sql | undefined {
  if (take(cursor, 'as')) return takeName(cursor);
  const token = cursor.tokens[cursor.at];
  return token === undefined || next.includes(token.text) ? undefined : takeName(cursor);
}

/** Takes all up to one of the words outside of parentheses; the `from` of `is distinct from` does not count. */
export function takeUntil(
  cursor: Cursor,
  words: readonly string[],
  accept = (before: string) => before !== 'distinct',
): Sql {
  const start = cursor.at;
  const depth = cursor.tokens[start]?.depth ?? 0;
  while (cursor.at < cursor.tokens.length) {
    const token = cursor.tokens[cursor.at];
    const before = cursor.tokens[cursor.at - 1]?.text ?? '';
    const next = cursor.tokens[cursor.at + 1]?.text;
    const isEnd =
      token?.kind === 'word' && token.depth === depth && words.includes(token.text) && accept(before);
    // The `on` of a join does not end the piece; that of `on conflict` does.
    if (isEnd && (token.text !== 'on' || next === 'conflict')) break;
    cursor.at += 1;
  }
  const from = cursor.tokens[start];
  const to = cursor.tokens[cursor.at - 1];
  return from && to && cursor.at > start ? cursor.sql.slice(from.start, to.end) : '';
}

/** Takes one pair of parentheses and returns the pieces between its commas. */
export function takeList(cursor: Cursor): readonly Sql[] | undefined {
  const open = cursor.tokens[cursor.at];
  if (open?.text !== '(') return undefined;
  const pieces: Sql[] = [];
  let start = open.end;
  for (cursor.at += 1; cursor.at < cursor.tokens.length; cursor.at += 1) {
    const token = cursor.tokens[cursor.at];
    if (!token || token.kind !== 'symbol') continue;
    const closes = token.text === ')' && token.depth === open.depth;
    if (!closes && !(token.text === ',' && token.depth === open.depth + 1)) continue;
    pieces.push(cursor.sql.slice(start, token.start).trim());
    start = token.end;
    if (!closes) continue;
    cursor.at += 1;
    return pieces;
  }
  return undefined;
}

export function lastName(name: Sql): Sql {
  return /(?:"(?:[^"]|"")*"|[^."\s]+)$/.exec(name)?.[0] ?? name;
}

/** A name as the catalogue has it. */
export function columnName(name: Sql): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
}
