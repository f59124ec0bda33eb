/**
 * The trigger function of all captured tables. For each row that a statement changed, it writes a row to `bitacora.outbox`:
 * which statement (`change`), and the row before and after. What they mean is worked out by the forwarder: the
 * writer pays for `row_to_json` and one insert. No column is named, so columns may come, go and change their types and names.
 *
 * - An update's old and new rows are paired by their place: PostgreSQL adds both to the transition tables row by row. So keys may
 *   change, and a table needs none. Without `enable_nestloop = off` the pairing of 100,000 rows is quadratic.
 * - `*<>` compares rows byte by byte, for json and point have no `=`; what is equal by value is left out by the forwarder.
 * - It runs as its owner: writers need no right to the outbox.
 * - `bitacora.captured_by` names the tables whose truncation the application captures. Of other statements the application asks
 *   afterwards whether this trigger was there, for only the trigger sees what foreign keys did to further rows of the table.
 */
export const captureFunctionSql = `
create or replace function bitacora.hide(shown jsonb, other jsonb, ignored text[], masked text[]) returns json
language sql immutable as $$
  select ((shown - ignored - masked) || coalesce((select jsonb_object_agg(name, case when shown -> name = 'null' then 'null'::jsonb else '"[masked]"' end)
    from unnest(masked) as name where shown ? name and (other is null or shown -> name is distinct from other -> name)), '{}'))::json
$$;

create or replace function bitacora.capture_change() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
as $$
#variable_conflict use_variable
declare
  at timestamptz := clock_timestamp();
  context text := nullif(current_setting('bitacora.context', true), '');
  options json := tg_argv[0];
  hidden boolean := tg_argv[1]::boolean;
  ignored text[];
  masked text[];
  change json;
  milliseconds text;
  start text;
begin
  if context = '{"paused":true}' then return null; end if;
  if tg_op = 'TRUNCATE' and tg_relid::text = any (string_to_array(current_setting('bitacora.captured_by', true), ',')) then return null; end if;
  change := json_build_object('operation', lower(tg_op), 'table', tg_relid::text, 'schema', tg_table_schema, 'name', tg_table_name,
    'at', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'role', session_user,
    'application', nullif(current_setting('application_name', true), ''),
    'context', case when octet_length(context) <= 16384 then context end, 'options', options);
  -- A UUID of version 7: milliseconds in front, and the rest of a random one.
  milliseconds := lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0');
  start := substr(milliseconds, 1, 8) || '-' || substr(milliseconds, 9, 4) || '-7';
  if hidden then
    ignored := array(select json_array_elements_text(options -> 'ignore'));
    masked := array(select json_array_elements_text(options -> 'mask'));
  end if;
  if tg_op = 'INSERT' then
    if hidden then
      insert into bitacora.outbox (id, change, after)
        select (start || substr(gen_random_uuid()::text, 16))::uuid, change, bitacora.hide(to_jsonb("bitacora: row"), null, ignored, masked) from new_rows "bitacora: row";
    else
      insert into bitacora.outbox (id, change, after)
        select (start || substr(gen_random_uuid()::text, 16))::uuid, change, row_to_json("bitacora: row") from new_rows "bitacora: row";
    end if;
  elsif tg_op = 'UPDATE' then
    if hidden then
      insert into bitacora.outbox (id, change, before, after)
        select (start || substr(gen_random_uuid()::text, 16))::uuid, change, bitacora.hide(o.row, n.row, ignored, masked), bitacora.hide(n.row, o.row, ignored, masked)
        from (select to_jsonb("bitacora: row") as row, row_number() over () as place from old_rows "bitacora: row") o
        join (select to_jsonb("bitacora: row") as row, row_number() over () as place from new_rows "bitacora: row") n using (place)
        where o.row - ignored <> n.row - ignored order by place;
    else
      insert into bitacora.outbox (id, change, before, after)
        select (start || substr(gen_random_uuid()::text, 16))::uuid, change, row_to_json(o.row), row_to_json(n.row)
        from (select "bitacora: row" as row, row_number() over () as place from old_rows "bitacora: row") o
        join (select "bitacora: row" as row, row_number() over () as place from new_rows "bitacora: row") n using (place)
        where o.row *<> n.row order by place;
    end if;
  elsif tg_op = 'DELETE' then
    if hidden then
      insert into bitacora.outbox (id, change, before)
        select (start || substr(gen_random_uuid()::text, 16))::uuid, change, bitacora.hide(to_jsonb("bitacora: row"), null, ignored, masked) from old_rows "bitacora: row";
    else
      insert into bitacora.outbox (id, change, before)
        select (start || substr(gen_random_uuid()::text, 16))::uuid, change, row_to_json("bitacora: row") from old_rows "bitacora: row";
    end if;
  else
    insert into bitacora.outbox (id, change) values ((start || substr(gen_random_uuid()::text, 16))::uuid, change);
  end if;
  return null;
end
$$;
`;
