-- An auditor with a database login of his own reads his tenant's events by plain SQL. `bitacora.ledgers` is a setting that
-- anybody may set, so it counts only for the server's own logins; everybody else sees what this table says.
create table sql_auditor (
  login name primary key,
  tenant integer not null references tenant
);

create function auditor_ledgers(login name) returns integer[] language sql stable security definer set search_path = bitacora
  return (select array_agg(l.id) from ledger l join sql_auditor a on a.tenant = l.tenant where a.login = auditor_ledgers.login);

create function auditor_tenant(login name) returns integer language sql stable security definer set search_path = bitacora
  return (select a.tenant from sql_auditor a where a.login = auditor_tenant.login);

do $$
declare t text;
begin
  foreach t in array array['entry', 'bundle', 'tile', 'checkpoint', 'segment_range', 'head'] loop
    execute format('create policy auditor on %I for select to {{auditor}} using (ledger = any (auditor_ledgers(current_user)))', t);
    -- The server's own policy does not apply to auditors.
    execute format('alter policy visible on %I to {{owner}}, {{maintenance}}, {{writer}}, {{reader}}', t);
  end loop;
  create policy auditor on ledger for select to {{auditor}} using (tenant = auditor_tenant(current_user));
end $$;

grant usage on schema bitacora to {{auditor}};
grant select on ledger, segment, segment_range, head, entry, bundle, tile, checkpoint to {{auditor}};

-- One row per event, whatever the layout. Personal values are not in it: only the server can decrypt them.
create view event with (security_invoker = true) as
select l.name as ledger, b.first_index + e.position - 1 as index, e.bytes as entry_bytes,
  (e.entry ->> 'id')::uuid as id,
  least((e.entry ->> 'occurredAt')::timestamptz, (e.entry ->> 'ingestedAt')::timestamptz) as at,
  e.entry ->> 'action' as action, e.entry ->> 'operation' as operation, e.entry ->> 'outcome' as outcome,
  e.entry ->> 'level' as level, e.entry ->> 'module' as module,
  e.entry #>> '{actor,id}' as actor, e.entry #>> '{subject,id}' as subject,
  e.entry #>> '{targets,0,type}' as target_type, e.entry #>> '{targets,0,id}' as target_id,
  e.entry ->> 'correlationId' as correlation_id, e.entry ->> 'sessionId' as session_id,
  e.entry -> 'attributes' as attributes, e.entry
from bundle b
join ledger l on l.id = b.ledger
cross join lateral (
  select line as bytes, line::jsonb as entry, position
  from string_to_table(b.entries, E'\n') with ordinality as lines (line, position)
) e;
grant select on event to {{auditor}};
