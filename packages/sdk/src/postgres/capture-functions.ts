/**
 * The trigger functions of all captured tables, one for each kind of statement and, with `_hidden`, for tables with ignored or
 * masked columns. For each row that a statement changed they write a row to `bitacora.outbox`: which statement it was,
 * and the row before and after. What they mean is worked out by the forwarder: the writer pays for `row_to_json`
 * and one insert. No column is named, so columns may come, go and change their types and names.
 *
 * - Each is one statement: in plpgsql every expression costs some microseconds anew in each transaction. The time and the origin are the outbox's own defaults.
 * - All names are qualified, so that no `search_path` of a writer leads elsewhere: a `set search_path` would cost each transaction
 *   29 µs (PostgreSQL 15), a third of an insert without its commit.
 * - An update's old and new rows are paired by their place: PostgreSQL adds both to the transition tables row by row. So keys may
 *   change, and a table needs none. Without `enable_nestloop = off` the pairing of 100,000 rows is quadratic, with the usual `work_mem` of 4 MB it goes by the disk.
 * - `*<>` compares rows byte by byte, for json and point have no `=`; what is equal by value is left out by the forwarder.
 * - They run as their owner: writers need no right to the outbox.
 * - `bitacora.captured_by` names the tables whose truncation the application captures. Of other statements the application
 *   asks afterwards whether the triggers were there, for only they see what foreign keys did to further rows of the table.
 */
export function captureFunctionsSql(): string {
  const functions = Object.entries({ ...plain, ...hidden });
  return [hideFunction, ...functions.map(([name, statement]) => captureFunction(name, statement))].join('\n');
}

/** A name that no column has. */
const row = '"bitacora: row"';

const context = `pg_catalog.current_setting('bitacora.context', true)`;

/** Which statement it was, column by column: one JSON of them would cost each statement some 7 µs. */
const changeColumns = 'relation, writer, options, application, context';
const change = `tg_relid, session_user, tg_argv[0], pg_catalog.current_setting('application_name'), ${context}`;

/** The same asked once a statement: dearer where one row changes, cheaper where many do. */
const changeOfMany = `tg_relid, (select session_user), tg_argv[0], (select pg_catalog.current_setting('application_name')), (select ${context})`;

/** Of no row, so PostgreSQL asks once a statement; as a `(select …)` it would cost two microseconds more. */
const wanted = `(${context} is null or ${context} operator(pg_catalog.<>) '{"paused":true}')`;

const truncated = `insert into bitacora.outbox (${changeColumns}) select ${change} where ${wanted}
    and (tg_relid::pg_catalog.text operator(pg_catalog.=) any (pg_catalog.string_to_array(pg_catalog.current_setting('bitacora.captured_by', true), ','))) is not true`;

function rowsOf(side: 'before' | 'after', source: string): string {
  return `insert into bitacora.outbox (${changeColumns}, ${side}) select ${change}, ${source} where ${wanted}`;
}

function pairs(whole: string, differ: string, [before, after]: readonly [string, string]): string {
  return `insert into bitacora.outbox (${changeColumns}, before, after) select ${changeOfMany}, ${before}, ${after}
    from (select ${whole} as row, pg_catalog.row_number() over () as place from old_rows ${row}) o
    join (select ${whole} as row, pg_catalog.row_number() over () as place from new_rows ${row}) n
      on o.place operator(pg_catalog.=) n.place
    where ${wanted} and ${differ}`;
}

const json = `pg_catalog.row_to_json(${row}.*)`;
const jsonb = `pg_catalog.to_jsonb(${row}.*)`;
const listed = (option: string): string =>
  `array(select pg_catalog.json_array_elements_text(tg_argv[0]::pg_catalog.json operator(pg_catalog.->) '${option}'))`;
const hide = (shown: string, other = 'null'): string =>
  `bitacora.hide(${shown}, ${other}, ${listed('ignore')}, ${listed('mask')})`;
const unignored = (side: string): string => `(${side}.row operator(pg_catalog.-) ${listed('ignore')})`;

const plain = {
  insert: rowsOf('after', `${json} from new_rows ${row}`),
  update: pairs(row, 'o.row operator(pg_catalog.*<>) n.row', [
    'pg_catalog.row_to_json(o.row)',
    'pg_catalog.row_to_json(n.row)',
  ]),
  delete: rowsOf('before', `${json} from old_rows ${row}`),
  truncate: truncated,
};

const hidden = {
  insert_hidden: rowsOf('after', `${hide(jsonb)} from new_rows ${row}`),
  update_hidden: pairs(jsonb, `${unignored('o')} operator(pg_catalog.<>) ${unignored('n')}`, [
    hide('o.row', 'n.row'),
    hide('n.row', 'o.row'),
  ]),
  delete_hidden: rowsOf('before', `${hide(jsonb)} from old_rows ${row}`),
};

function captureFunction(name: string, statement: string): string {
  const settings = name.startsWith('update') ? "set enable_nestloop = off set work_mem = '64MB'" : '';
  return `create or replace function bitacora.capture_${name}() returns trigger
language plpgsql security definer ${settings} as $$
begin
  ${statement};
  return null;
end $$;`;
}

const hideFunction = `create or replace function bitacora.hide(shown jsonb, other jsonb, ignored text[], masked text[]) returns json
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select ((shown - ignored - masked) || coalesce((select jsonb_object_agg(name, case when shown -> name = 'null' then 'null'::jsonb else '"[masked]"' end)
    from unnest(masked) as name where shown ? name and (other is null or shown -> name is distinct from other -> name)), '{}'))::json
$$;`;
