import type { PgResult } from './pg-client.ts';
import type { SqlCommand } from './sql-command.ts';

// All partitions of a partitioned table have the constraint: the partitioned table is named instead.
const sql = `with recursive emptied(oid) as (
  select pg_catalog.to_regclass(name)::oid from unnest($1::text[]) as name
  union select coalesce(pg_catalog.pg_partition_root(f.conrelid), f.conrelid)::oid
    from pg_catalog.pg_constraint f join emptied e on f.confrelid = e.oid where f.contype = 'f')
select oid::pg_catalog.regclass::text as name from emptied where oid is not null`;

/** The names of all tables that a `truncate … cascade` of these empties: these, the tables that refer to them, and so on. */
export async function referringTables(
  names: readonly string[],
  run: (command: SqlCommand) => Promise<PgResult>,
): Promise<readonly string[]> {
  const { rows } = await run({ text: sql, values: [names] });
  return rows.map((row) => (typeof row === 'object' && row !== null ? String(Reflect.get(row, 'name')) : ''));
}
