-- Retention removes whole segments once the newest entry in them is older than its ledger's period, counted from the
-- moment at which it was stored.
alter table segment_range add column greatest_ingested_at timestamptz;
select set_config('bitacora.ledgers', (select string_agg(id::text, ',') from ledger), true);
-- A closed segment took nothing after it closed, the open one nothing after its ledger's last append.
update segment_range r set greatest_ingested_at = coalesce(
  (select closed_at from segment s where s.number = r.segment),
  (select ingested_at from head h where h.ledger = r.ledger));
alter table segment_range alter column greatest_ingested_at set not null;
-- For servers of an earlier version that still run while this one starts.
alter table segment_range alter column greatest_ingested_at set default now();

-- Ids up to this one may have been purged: one that is not stored is not stored again.
alter table head add column purged_through uuid;

-- Purged ids of clocks that were ahead of the server's: the only ones above `purged_through`.
create table purged_id (
  ledger integer not null references ledger,
  id uuid not null,
  primary key (ledger, id)
);

-- The last purged entries of a ledger, of the bundle of 256 that still has others: it is served as long as these are.
create table kept_entry (
  ledger integer not null references ledger,
  index bigint not null,
  entry text not null,
  primary key (ledger, index)
);

-- What was purged, when, and by which period: states why a ledger does not begin at 0.
create table purge (
  ledger integer not null references ledger,
  segment integer not null references segment,
  first_index bigint not null,
  end_index bigint not null,
  least_at timestamptz not null,
  greatest_at timestamptz not null,
  greatest_ingested_at timestamptz not null,
  retention_days integer not null,
  purged_at timestamptz not null default now(),
  -- False until an event of the tenant's audit ledger tells of it.
  reported boolean not null default false,
  primary key (ledger, segment)
);

do $$
declare t text;
begin
  foreach t in array array['purged_id', 'kept_entry', 'purge'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy visible on %I to {{owner}}, {{maintenance}}, {{writer}}, {{reader}} using (ledger = any (visible_ledgers())) with check (ledger = any (visible_ledgers()))', t);
  end loop;
  create policy auditor on purge for select to {{auditor}} using (ledger = any (auditor_ledgers(current_user)));
end $$;
grant select on purged_id to {{writer}};
grant select on kept_entry to {{reader}};
grant select on purge to {{writer}}, {{reader}}, {{auditor}};
grant update (reported) on purge to {{writer}};

create trigger never_change before update on kept_entry for each row execute function refuse_change();
alter table kept_entry enable always trigger never_change;

-- Removes a segment that is due, with all that was derived from it, in one transaction: what counts it (`ledgers` to
-- `counts`, per rollup row) is given, because only the server can read entries. False: it is gone already.
-- A lock that is not to be had at once is given up: who waits for a parent table stops every reader behind him, and a
-- wait shorter than deadlock_timeout never costs a reader his transaction.
create function purge_segment(segment_number integer, ledgers integer[], buckets timestamptz[], fields text[],
  field_values text[], outcomes text[], counts bigint[]) returns boolean
  language plpgsql security definer set search_path = bitacora set lock_timeout = '300ms' as $$
declare
  class smallint;
  gone record;
  edge bigint;
  through uuid;
  changed bigint;
  parent text;
begin
  select retention_class into class from segment
    where number = segment_number and state in ('closed', 'archived') for update;
  if not found then return false; end if;
  if exists (select 1 from segment where retention_class = class and number < segment_number and state <> 'purged') then
    raise exception 'segment % is not the oldest of its retention class', segment_number using errcode = 'object_not_in_prerequisite_state';
  end if;
  perform set_config('bitacora.ledgers', (select string_agg(id::text, ',') from ledger where retention_class = class), true);

  for gone in
    select r.*, l.retention_days from segment_range r join ledger l on l.id = r.ledger
    where r.segment = segment_number order by r.ledger
  loop
    if gone.retention_days is null or gone.greatest_ingested_at >= now() - make_interval(days => gone.retention_days) then
      raise exception 'segment % holds entries that are still to be kept', segment_number using errcode = 'object_not_in_prerequisite_state';
    end if;
    if exists (select 1 from unnest(array['tree', 'rollups', 'sessions']) as follower(name)
      left join projection p on p.name = follower.name and p.ledger = gone.ledger
      where coalesce(p.cursor, 0) < gone.end_index) then
      raise exception 'ledger % is not followed up to %', gone.ledger, gone.end_index using errcode = 'object_not_in_prerequisite_state';
    end if;

    edge := gone.end_index - gone.end_index % 256;
    delete from kept_entry where ledger = gone.ledger and index < edge;
    insert into kept_entry (ledger, index, entry)
      select b.ledger, b.first_index + line.position - 1, line.entry
      from bundle b cross join lateral string_to_table(b.entries, E'\n') with ordinality as line (entry, position)
      where b.retention_class = class and b.segment = segment_number and b.ledger = gone.ledger
        -- A row holds sixteen at most.
        and b.first_index > edge - 16 and b.first_index + line.position - 1 >= edge;

    -- UUIDv7 begins with its milliseconds.
    through := (lpad(to_hex((extract(epoch from gone.greatest_ingested_at) * 1000)::bigint), 12, '0') || repeat('f', 20))::uuid;
    insert into purged_id (ledger, id)
      select e.ledger, e.id from entry e where e.retention_class = class and e.segment = segment_number
        and e.ledger = gone.ledger and e.id > through on conflict do nothing;
    delete from purged_id where ledger = gone.ledger and id <= through;

    delete from session where ledger = gone.ledger and opened_index < gone.end_index;
    delete from posting p using span s where s.ledger = gone.ledger and s.first_index + s.count <= gone.end_index
      and p.ledger = s.ledger and p.level = s.level and p.number = s.number;
    delete from span where ledger = gone.ledger and first_index + count <= gone.end_index;
    -- Another epoch: no server answers from what it holds of the ledger.
    insert into projection as p (name, ledger, fence) values ('recent', gone.ledger, 1)
      on conflict (name, ledger) do update set fence = p.fence + 1;

    insert into purge (ledger, segment, first_index, end_index, least_at, greatest_at, greatest_ingested_at, retention_days)
      values (gone.ledger, segment_number, gone.first_index, gone.end_index, gone.least_at, gone.greatest_at,
        gone.greatest_ingested_at, gone.retention_days);
  end loop;

  update rollup r set count = r.count - c.count
    from unnest(ledgers, buckets, fields, field_values, outcomes, counts) as c(ledger, bucket, field, value, outcome, count)
    where r.ledger = c.ledger and r.bucket = c.bucket and r.field = c.field and r.value = c.value and r.outcome = c.outcome
      and r.count >= c.count;
  get diagnostics changed = row_count;
  if changed <> cardinality(ledgers) then
    raise exception 'the counts do not hold what segment % adds to them', segment_number using errcode = 'data_corrupted';
  end if;
  delete from rollup r using unnest(ledgers, buckets, fields, field_values, outcomes) as c(ledger, bucket, field, value, outcome)
    where r.ledger = c.ledger and r.bucket = c.bucket and r.field = c.field and r.value = c.value and r.outcome = c.outcome
      and r.count = 0;

  -- From here on appends to these ledgers wait.
  update head h set minimum = r.end_index, purged_through = greatest(h.purged_through,
      (lpad(to_hex((extract(epoch from r.greatest_ingested_at) * 1000)::bigint), 12, '0') || repeat('f', 20))::uuid)
    from segment_range r where r.segment = segment_number and h.ledger = r.ledger and h.minimum = r.first_index;
  get diagnostics changed = row_count;
  if changed <> (select count(*) from segment_range where segment = segment_number) then
    raise exception 'segment % is not where its ledgers begin', segment_number using errcode = 'data_corrupted';
  end if;
  delete from segment_range where segment = segment_number;
  update segment set state = 'purged' where number = segment_number;
  -- Without ONLY every partition would be locked, also those that are written to.
  lock table only entry, only bundle, only personal in access exclusive mode;
  foreach parent in array array['entry', 'bundle', 'personal'] loop
    execute format('drop table %I', parent || '_' || segment_number);
  end loop;
  return true;
end $$;
revoke execute on function purge_segment from public;
grant execute on function purge_segment to {{maintenance}};
