import { readInsert } from './read-insert.ts';
import { sqlTokens, type SqlToken } from './sql-tokens.ts';
import { lastName, take, takeAlias, takeName, takeUntil, type Cursor, type Sql } from './statement-cursor.ts';
import type { WriteStatement } from './write-statement.ts';

/**
 * `none`: changes no rows. `unread`: is not understood and may change rows; `names` are all the names in it.
 * `truncate`: removes all rows of the tables; with `cascade` also those of tables that refer to them.
 */
export type ReadStatement =
  | { readonly kind: 'none' }
  | { readonly kind: 'write'; readonly write: WriteStatement }
  | { readonly kind: 'truncate'; readonly tables: readonly Sql[]; readonly cascade: boolean }
  | { readonly kind: 'unread'; readonly names: ReadonlySet<string> };

const writes = /\b(?:insert|update|delete|merge|truncate|copy)\b/i;

/** Reads one statement of PostgreSQL. A statement that is not fully understood is `unread`, never guessed. */
export function readStatement(sql: string): ReadStatement {
  if (!writes.test(sql)) return { kind: 'none' };
  const tokens = sqlTokens(sql);
  if (!tokens) return { kind: 'unread', names: namesIn(sql) };
  const verbAt = tokens.findIndex(
    ({ kind, text, depth }) => kind === 'word' && depth === 0 && verbs.has(text),
  );
  const verb = tokens[verbAt];
  const unread: ReadStatement = { kind: 'unread', names: namesIn(sql) };
  const [first] = tokens;
  if (!verb || !first || writesInside(tokens)) return writesInside(tokens) ? unread : { kind: 'none' };
  if (readers.has(verb.text) || isCopyOut(tokens, verb)) return { kind: 'none' };
  if (verbAt > 0 && first.text !== 'with') return unread;
  const cursor: Cursor = { sql, tokens, at: verbAt + 1, head: sql.slice(first.start, verb.start) };
  if (verb.text === 'truncate') return readTruncate(cursor) ?? unread;
  const write = verb.text === 'insert' ? readInsert(cursor) : readChange(cursor, verb.text);
  return write ? { kind: 'write', write } : unread;
}

const readers = new Set([
  'select',
  'values',
  'table',
  'explain',
  'declare',
  'prepare',
  'create',
  'alter',
  'drop',
  'grant',
  'revoke',
  'comment',
  'set',
  'show',
  'lock',
  'analyze',
  'vacuum',
  'listen',
  'notify',
]);
const verbs = new Set([
  ...readers,
  'insert',
  'update',
  'delete',
  'merge',
  'truncate',
  'copy',
  'execute',
  'do',
  'call',
]);

/** Whether a part of a `with` or a `copy` changes rows, or an `explain` or `prepare` has a statement that does. */
function writesInside(tokens: readonly SqlToken[]): boolean {
  const [first] = tokens;
  return tokens.some(({ kind, text }, at) => {
    if (kind !== 'word' || !/^(?:insert|update|delete|merge)$/.test(text)) return false;
    const before = tokens[at - 1];
    if (before?.text === '(') return first?.text === 'with' || first?.text === 'copy';
    return (
      before !== undefined &&
      (first?.text === 'explain' || first?.text === 'prepare') &&
      before.text !== 'for'
    );
  });
}

/** Whether the statement is `copy … to`, of a table or of a query's rows. */
function isCopyOut(tokens: readonly SqlToken[], { text }: SqlToken): boolean {
  const way = tokens.find(
    (token) => token.kind === 'word' && token.depth === 0 && /^(?:from|to)$/.test(token.text),
  );
  return text === 'copy' && way?.text === 'to';
}

function readTruncate(cursor: Cursor): ReadStatement | undefined {
  take(cursor, 'table');
  const tables: Sql[] = [];
  do {
    take(cursor, 'only');
    const name = takeName(cursor);
    if (name === undefined) return undefined;
    tables.push(name);
    take(cursor, '*');
  } while (take(cursor, ','));
  return { kind: 'truncate', tables, cascade: cursor.tokens.slice(cursor.at).at(-1)?.text === 'cascade' };
}

function readChange(cursor: Cursor, verb: string): WriteStatement | undefined {
  if (verb !== 'update' && verb !== 'delete') return undefined;
  if (verb === 'delete' && !take(cursor, 'from')) return undefined;
  const only = take(cursor, 'only');
  const table = takeName(cursor);
  if (table === undefined || take(cursor, '*')) return undefined;
  const alias = takeAlias(cursor, verb === 'update' ? ['set'] : ['using', 'where', 'returning']) ?? table;
  const set =
    verb === 'update' && take(cursor, 'set') ? takeUntil(cursor, ['from', 'where', 'returning']) : '';
  if (verb === 'update' && set === '') return undefined;
  const from = take(cursor, verb === 'update' ? 'from' : 'using')
    ? takeUntil(cursor, ['where', 'returning'])
    : '';
  const where = take(cursor, 'where') ? takeUntil(cursor, ['returning']) : '';
  const returning = take(cursor, 'returning') ? takeUntil(cursor, []) : '';
  // Another statement cannot find the row of `where current of cursor`; `returning with (…)`, of PostgreSQL 18, is not read.
  if (cursor.at < cursor.tokens.length || /^current\s+of\b/i.test(where) || /^with\b/i.test(returning))
    return undefined;
  const { head } = cursor;
  return verb === 'update'
    ? { verb, head, only, table, alias: lastName(alias), set, from, where, returning }
    : { verb, head, only, table, alias: lastName(alias), from, where, returning };
}

function namesIn(sql: string): ReadonlySet<string> {
  return new Set(
    [...sql.matchAll(/"((?:[^"]|"")+)"|([A-Za-z_][\w$]*)/g)].map(
      ([, quoted, bare]) => quoted ?? bare?.toLowerCase() ?? '',
    ),
  );
}
