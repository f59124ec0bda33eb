import { expect, test } from 'vitest';
import { readStatement } from './read-statement.ts';

function summary(sql: string): string {
  const read = readStatement(sql);
  if (read.kind === 'truncate')
    return `truncate ${read.tables.join(' ')}${read.cascade ? ' and theirs' : ''}`;
  if (read.kind !== 'write') return read.kind;
  const { verb, table, alias, returning } = read.write;
  return [verb, table, alias, returning].join('|');
}

test.each([
  ['select 1', 'none'],
  ['select * from a for update', 'none'],
  ["select 'delete from a'", 'none'],
  ['-- update a set b = 1\nselect 1', 'none'],
  ['create trigger t after insert or update on a execute function f()', 'none'],
  ['insert into a values (1)', 'insert|a|a|'],
  [
    'INSERT INTO "S"."A" AS x ("b") VALUES ($1), (default) ON CONFLICT ("b") DO NOTHING RETURNING *',
    'insert|"S"."A"|x|*',
  ],
  [
    'insert into a (b) select c from d join e on d.i = e.i on conflict (b) do update set b = 1 returning b',
    'insert|a|a|b',
  ],
  ['insert into a default values returning id;', 'insert|a|a|id'],
  ['update a set b = c is distinct from d where e', 'update|a|a|'],
  [
    'update only s.a as x set (b, c) = (select 1, 2 from z where true) from y returning x.b, y.*',
    'update|s.a|x|x.b, y.*',
  ],
  [`update a set b = 'where returning' /* from /* nested */ x */ where c = $$ returning $$`, 'update|a|a|'],
  ['delete from a', 'delete|a|a|'],
  ['delete from a x using b where a.i = b.i returning 1', 'delete|a|x|1'],
  ['with z as (select 1) delete from a using z', 'delete|a|a|'],
  ['truncate table only a, "B" cascade', 'truncate a "B" and theirs'],
  ['truncate a restart identity', 'truncate a'],
  ['copy a (b) to stdout', 'none'],
  ['copy (select b from a) to stdout', 'none'],
])('%s', (sql, expected) => {
  expect(summary(sql)).toBe(expected);
});

test.each([
  'with x as (insert into a values (1) returning b) select * from x',
  'with x as (select 1) , y as (delete from a returning 1) update b set c = 1',
  'merge into a using b on true when matched then delete',
  'copy a from stdin',
  'copy (delete from a returning b) to stdout',
  'do $$ begin delete from a; end $$',
  'update a set b = 1; update c set d = 1',
  'update a set b = 1 where current of cursor_1',
  "update a set b = 'not closed",
  'update a set b = (1',
  'insert into a values (1) on conflict (lower(b)) do update set b = 1',
  'insert into a values (1) returning with (old as o) o.b',
  'explain analyze update a set b = 1',
  'prepare p as delete from a',
  'update a * set b = 1',
])('not guessed, and reported by name: %s', (sql) => {
  const read = readStatement(sql);
  expect(read.kind).toBe('unread');
  expect(read.kind === 'unread' && read.names.has('a')).toBe(true);
});

test('the parts of the statement keep its text and its parameters', () => {
  const read = readStatement(
    'update "a" set b = $1, c = coalesce($2, d) from e join f on e.i = f.i where "a".i = $3 or (g = $4) returning "a".*, h',
  );
  expect(read).toEqual({
    kind: 'write',
    write: {
      verb: 'update',
      head: '',
      only: false,
      table: '"a"',
      alias: '"a"',
      set: 'b = $1, c = coalesce($2, d)',
      from: 'e join f on e.i = f.i',
      where: '"a".i = $3 or (g = $4)',
      returning: '"a".*, h',
    },
  });
});
