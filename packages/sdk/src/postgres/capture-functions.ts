/**
 * The trigger functions of all captured tables, one for each kind of statement, and another one, with `_hidden`, for tables
 * with ignored or masked columns. For each row that a statement changed they write a row to `bitacora.outbox`: which
 * statement it was, and the row before and after. The forwarder makes the event of it, so that the writer pays only for
 * `row_to_json` and one insert. No column is named, so that columns may come, go and change their types and names.
 *
 * - Each function is one statement, because in plpgsql every expression costs some microseconds anew in each transaction.
 *   The time and the origin are defaults of the outbox.
 * - All names are qualified, so that no `search_path` of a writer leads elsewhere: a `set search_path` would cost each
 *   transaction 29 µs (PostgreSQL 15), a third of an insert without its commit.
 * - An update's old and new rows are paired by their place, because PostgreSQL adds both to the transition tables row by row.
 *   So keys may change, and a table needs none. Without `enable_nestloop = off` the pairing of 100,000 rows is quadratic;
 *   with the usual `work_mem` of 4 MB it uses the disk.
 * - `*<>` compares rows byte by byte, because json and point have no `=`; the forwarder leaves out what is equal by value.
 * - They run as their owner: writers need no right to the outbox.
 * - `bitacora.captured_by` names the tables whose truncation the application captures. After other statements the
 *   application asks whether the triggers were there, because only they see what foreign keys did to further rows.
 */
export function captureFunctionsSql(): string {
  const functions = Object.entries({ ...plain, ...hidden });
  return [hideFunction, ...functions.map(([name, statement]) => captureFunction(name, statement))].join('\n');
}

/** A name that no column has. */
const row = '"bitacora: row"';

const context = `pg_catalog.current_setting('bitacora.context', true)`;

/** Which statement it was, in columns: one JSON of them would cost each statement some 7 µs. */
const changeColumns = 'relation, writer, options, application, context';
const change = `tg_relid, session_user, tg_argv[0], pg_catalog.current_setting('application_name'), ${context}`;

/** The same, evaluated once per statement: this costs more where one row changes, and less where many do. */
const changeOfMany = `tg_relid, (select session_user), tg_argv[0], (select pg_catalog.current_setting('application_name')), (select ${context})`;

/** Depends on no row, so that PostgreSQL evaluates it once per statement; as a `(select …)` it would cost 2 µs more. */
const wanted = `(${context} is null or ${context} operator(pg_catalog.<>) '{"paused":true}')`;

const truncated = `insert into bitacora.outbox (${changeColumns}) select ${change} where ${wanted}
    and (tg_relid::pg_catalog.text operator(pg_catalog.=) any (pg_catalog.string_to_array(pg_catalog.current_setting('bitacora.captured_by', true), ','))) is not true`;

function rowsOf(side: 'before' | 'after', source: string): string {
  return `insert into bitacora.outbox (${changeColumns}, ${side}) select ${change}, ${source} where ${wanted}`;
}

interface PairSides {
  readonly before: string;
  readonly after: string;
}

function pairs(whole: string, differ: string, { before, after }: PairSides): string {
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
  update: pairs(row, 'o.row operator(pg_catalog.*<>) n.row', {
    before: 'pg_catalog.row_to_json(o.row)',
    after: 'pg_catalog.row_to_json(n.row)',
  }),
  delete: rowsOf('before', `${json} from old_rows ${row}`),
  truncate: truncated,
};

const hidden = {
  insert_hidden: rowsOf('after', `${hide(jsonb)} from new_rows ${row}`),
  update_hidden: pairs(jsonb, `${unignored('o')} operator(pg_catalog.<>) ${unignored('n')}`, {
    before: hide('o.row', 'n.row'),
    after: hide('n.row', 'o.row'),
  }),
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
