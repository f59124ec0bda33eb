import type { CatalogueTable } from './audited-table.ts';

/** Runs one statement and returns its rows, with values as text. */
export type RunQuery = (
  text: string,
  values: readonly unknown[],
) => Promise<{ readonly rows: readonly unknown[] }>;

// bigint, numeric, money, and arrays of them
const exactTypes = '20, 1700, 790, 1016, 1231, 791';

const catalogueSql = `
select json_build_object(
  'oid', c.oid::text,
  'schema', n.nspname,
  'name', coalesce((select r.relname from pg_class r where r.oid = pg_partition_root(c.oid)), c.relname),
  'partition', case when c.relispartition then c.relname end,
  'tree', c.oid::text || coalesce((select ',' || string_agg(p.relid::oid::text, ',') from pg_partition_tree(c.oid) p), ''),
  'plain', c.relkind in ('r', 'p') and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
    and not a.attisdropped and not has_column_privilege(c.oid, a.attnum, 'select'))
    and not exists (select from pg_rewrite w where w.ev_class = c.oid and w.is_instead),
  'partitioned', c.relkind = 'p',
  'exact', coalesce((select json_agg(a.attname) from pg_attribute a join pg_type y on y.oid = a.atttypid
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      and coalesce(nullif(y.typbasetype, 0), y.oid) in (${exactTypes})), '[]'),
  'columns', coalesce((select json_agg(a.attname order by a.attnum) from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]'),
  'key', coalesce((select json_agg(a.attname order by k.place)
    from (select i.indrelid, i.indkey from pg_index i
      where i.indrelid = c.oid and i.indisvalid and i.indisunique and i.indpred is null and i.indexprs is null
        and not exists (select from unnest(i.indkey[0:i.indnkeyatts - 1]) as u(number)
          join pg_attribute b on b.attrelid = i.indrelid and b.attnum = u.number where not b.attnotnull)
      order by i.indisprimary desc, i.indnkeyatts, i.indexrelid limit 1) i
    cross join unnest(i.indkey) with ordinality as k(number, place)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number), '[]'),
  'unique', coalesce((select json_object_agg(x.relname, (select json_agg(a.attname) from unnest(i.indkey[0:i.indnkeyatts - 1]) as u(number)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = u.number))
    from pg_index i join pg_class x on x.oid = i.indexrelid
    where i.indrelid = c.oid and i.indisunique and i.indexprs is null), '{}'),
  'triggered', exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname like 'bitacora\\_capture\\_%' and t.tgenabled in ('O', 'A')),
  'cascades', coalesce((select json_agg(distinct f.conrelid::regclass::text) from pg_constraint f
    where f.confrelid = c.oid and f.contype = 'f' and (f.confdeltype in ('c', 'n', 'd') or f.confupdtype in ('c', 'n', 'd'))), '[]')
)::text as catalogue
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.oid = `;

/** Looks a table up by the name that a statement gives it (`"booking"`, `sales.invoice`), or by its oid. */
export async function readCatalogue(
  run: RunQuery,
  table: { readonly name: string } | { readonly oid: string },
): Promise<CatalogueTable | undefined> {
  const { rows } =
    'name' in table
      ? await run(`${catalogueSql}pg_catalog.to_regclass($1)`, [table.name])
      : await run(`${catalogueSql}$1::text::oid`, [table.oid]);
  const [row] = rows;
  if (typeof row !== 'object' || row === null || !('catalogue' in row)) return undefined;
  const catalogue = JSON.parse(String(row.catalogue));
  return {
    ...catalogue,
    partition: catalogue.partition ?? undefined,
    exact: new Set(catalogue.exact),
    unique: new Map(Object.entries(catalogue.unique)),
  };
}
