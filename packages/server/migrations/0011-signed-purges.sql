-- Entries are removed only after a signed event in the tenant's audit ledger announced it, and only because a signed event
-- there states the period of the ledger. Both columns are indexes in that ledger; they say where to look and prove nothing.
alter table ledger add column record_index bigint;
alter table purge add column notice_index bigint;
alter table purge drop column reported;

drop function purge_segment(integer, integer[], timestamptz[], text[], text[], text[], bigint[]);

-- As before (0008), and each part names the signed event that announces its removal.
create function purge_segment(segment_number integer, noticed_ledgers integer[], notice_indexes bigint[], ledgers integer[],
  buckets timestamptz[], fields text[], field_values text[], outcomes text[], counts bigint[]) returns boolean
  language plpgsql security definer set search_path = bitacora set lock_timeout = '300ms' as $$
declare
  class smallint;
  gone record;
  edge bigint;
  through uuid;
  changed bigint;
  parent text;
  notice bigint;
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
    notice := (select n.index from unnest(noticed_ledgers, notice_indexes) as n(ledger, index) where n.ledger = gone.ledger);
    if notice is null then
      raise exception 'no event announces the removal of entries of ledger %', gone.ledger using errcode = 'object_not_in_prerequisite_state';
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

    insert into purge (ledger, segment, first_index, end_index, least_at, greatest_at, greatest_ingested_at, retention_days,
        notice_index)
      values (gone.ledger, segment_number, gone.first_index, gone.end_index, gone.least_at, gone.greatest_at,
        gone.greatest_ingested_at, gone.retention_days, notice);
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
