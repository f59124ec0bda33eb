-- {{owner}}, {{maintenance}}, {{writer}} and {{reader}} are the database's own roles (storage/roles.ts).
-- The writer may only insert evidence; the reader sees rows through row-level security; nobody but the owner may
-- change or drop them, and no login of the server is the owner.

create table tenant (
  id integer generated always as identity primary key,
  name text not null unique,
  created_at timestamptz not null default now()
);

create table ledger (
  id integer generated always as identity primary key,
  tenant integer not null references tenant,
  name text not null unique,
  -- Names the tree in every checkpoint; fixed for ever at creation.
  origin text not null unique,
  -- Null keeps without end. Ledgers of one period share a retention class, the first partition key.
  retention_days integer,
  retention_class smallint not null default 0,
  created_at timestamptz not null default now()
);

create table api_key (
  id text primary key,
  tenant integer not null references tenant,
  name text not null,
  secret_hash bytea not null,
  scopes text[] not null,
  ledgers text[],
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz
);

create table directory (
  tenant integer not null references tenant,
  type text not null,
  id text not null,
  fields jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (tenant, type, id)
);

-- The catalogue of segments: which index range of which ledger lies in which partition.
create table segment (
  number integer primary key,
  retention_class smallint not null,
  state text not null check (state in ('open', 'closed', 'archived', 'purged')),
  opened_at timestamptz not null default now(),
  closed_at timestamptz
);
create unique index segment_open on segment (retention_class) where state = 'open';

create table segment_range (
  segment integer not null references segment,
  ledger integer not null references ledger,
  first_index bigint not null,
  end_index bigint not null,
  least_at timestamptz not null,
  greatest_at timestamptz not null,
  -- Least and greatest id: an id outside cannot be in the segment, so retries touch few partitions.
  least_id uuid not null,
  greatest_id uuid not null,
  primary key (ledger, segment)
);

-- One row per ledger: the writers' lock and the followers' bell.
create table head (
  ledger integer primary key references ledger,
  size bigint not null,
  -- Entries below were purged (C2SP minimum index).
  minimum bigint not null default 0,
  ingested_at timestamptz not null
);

create table entry (
  id uuid not null,
  index bigint not null,
  at timestamptz not null,
  ledger integer not null,
  segment integer not null,
  retention_class smallint not null
) partition by range (retention_class, segment);

-- Entry bytes: `entries` holds RFC 8785 objects, one a line, the first at `first_index`.
create table bundle (
  first_index bigint not null,
  ledger integer not null,
  segment integer not null,
  retention_class smallint not null,
  count smallint not null,
  entries text not null
) partition by range (retention_class, segment);

-- What may be erased, beside the bundle of the same first_index. Encrypted; see ledger/values-record.ts.
create table personal (
  first_index bigint not null,
  ledger integer not null,
  segment integer not null,
  retention_class smallint not null,
  bytes bytea not null
) partition by range (retention_class, segment);

create table person (
  tenant integer not null references tenant,
  -- Keyed hash of the host's id: the id itself is nobody's business here.
  token bytea not null,
  -- Wrapped with the tenant's master key; null once erased.
  key bytea,
  erased_at timestamptz,
  primary key (tenant, token)
);

-- Name, e-mail, address and agent of a person, encrypted, stored once per distinct value.
create table profile (
  id bigint generated always as identity primary key,
  tenant integer not null,
  person bytea not null,
  digest bytea not null,
  bytes bytea not null,
  unique (tenant, person, digest),
  foreign key (tenant, person) references person
);

-- RFC 6962 tree in C2SP tiles of 256 hashes; level 0 holds leaf hashes. The rightmost of a level may be partial.
create table tile (
  ledger integer not null references ledger,
  level smallint not null,
  index bigint not null,
  hashes bytea not null,
  primary key (ledger, level, index)
);
alter table tile alter column hashes set storage external;

create table checkpoint (
  ledger integer not null references ledger,
  size bigint not null,
  note text not null,
  signed_at timestamptz not null default now(),
  published boolean not null default false,
  primary key (ledger, size)
);

-- A follower's durable position and its lease; `fence` grows with each new holder.
create table projection (
  name text not null,
  ledger integer not null references ledger,
  cursor bigint not null default 0,
  holder text,
  fence bigint not null default 0,
  held_until timestamptz,
  primary key (name, ledger)
);

create table rollup (
  ledger integer not null,
  bucket timestamptz not null,
  field text not null,
  value text not null,
  outcome text not null,
  count bigint not null,
  primary key (ledger, field, bucket, value, outcome)
);

-- The inverted index (docs/decisions/0001): a span is an aligned run of entries whose posting lists are complete.
create table span (
  ledger integer not null,
  level smallint not null,
  number bigint not null,
  first_index bigint not null,
  count integer not null,
  least_at timestamptz not null,
  greatest_at timestamptz not null,
  -- at of every entry in order, and its index: rank -> (at, index).
  ranks bytea not null,
  primary key (ledger, level, number)
);
alter table span alter column ranks set storage external;

create table posting (
  ledger integer not null,
  level smallint not null,
  number bigint not null,
  first_key bytea not null,
  page bytea not null,
  primary key (ledger, level, number, first_key)
);
alter table posting alter column page set storage external;

-- What the current transaction may see: `bitacora.ledgers` is set by the server per transaction from the caller's
-- grant. set_config leaves '' behind after commit, hence nullif.
create function visible_ledgers() returns integer[] language sql stable parallel safe
  return string_to_array(nullif(current_setting('bitacora.ledgers', true), ''), ',')::integer[];
create function visible_tenant() returns integer language sql stable parallel safe
  return nullif(current_setting('bitacora.tenant', true), '')::integer;

do $$
declare t text;
begin
  foreach t in array array['entry', 'bundle', 'personal', 'tile', 'checkpoint', 'segment_range', 'head', 'rollup', 'span', 'posting', 'projection'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy visible on %I using (ledger = any (visible_ledgers())) with check (ledger = any (visible_ledgers()))', t);
  end loop;
  foreach t in array array['directory', 'person', 'profile'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy visible on %I using (tenant = visible_tenant()) with check (tenant = visible_tenant())', t);
  end loop;
end $$;

-- No role may change or remove evidence row by row: ENABLE ALWAYS also fires under
-- session_replication_role = replica, and partitions inherit row triggers.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'entries of the ledger are never changed or deleted' using errcode = 'restrict_violation';
end $$;
create trigger never_change before update or delete on entry for each row execute function refuse_change();
create trigger never_change before update or delete on bundle for each row execute function refuse_change();
alter table entry enable always trigger never_change;
alter table bundle enable always trigger never_change;

-- Opening a segment creates its leaves. The parents carry no index: leaves have their own, and only INSERT for the writer.
create function open_segment(class smallint, segment_number integer) returns void
  language plpgsql security definer set search_path = bitacora as $$
declare
  parent text;
  leaf text;
begin
  foreach parent in array array['entry', 'bundle', 'personal'] loop
    leaf := parent || '_' || segment_number;
    -- Attached, not created as a partition: that would wait for every reader of the parent and hold up every writer.
    execute format('create table %I (like %I including storage)', leaf, parent);
    execute format('revoke all on %I from public', leaf);
    execute format('grant insert on %I to {{writer}}', leaf);
    if parent = 'entry' then
      execute format('alter table %I add unique (ledger, id)', leaf);
      execute format('alter table %I add unique (ledger, index)', leaf);
    else
      execute format('alter table %I add unique (ledger, first_index)', leaf);
    end if;
    execute format('alter table %I attach partition %I for values from (%s, %s) to (%s, %s)',
      parent, leaf, class, segment_number, class, segment_number + 1);
    if parent <> 'personal' then
      execute format('create trigger never_truncate before truncate on %I for each statement execute function refuse_change()', leaf);
      execute format('alter table %I enable always trigger never_truncate', leaf);
    end if;
  end loop;
  insert into segment (number, retention_class, state) values (segment_number, class, 'open');
end $$;

revoke execute on function open_segment from public;
grant execute on function open_segment to {{maintenance}};

alter table ledger enable row level security;
create policy visible on ledger for select to {{reader}} using (tenant = visible_tenant());
create policy everything on ledger to {{writer}}, {{maintenance}} using (true) with check (true);

grant select on tenant, ledger, api_key, segment to {{writer}}, {{maintenance}};
grant update (state, closed_at) on segment to {{maintenance}};
grant select on ledger, segment to {{reader}};
grant insert on tenant, ledger, api_key to {{writer}};
grant update (revoked_at) on api_key to {{writer}};
grant select, insert, update, delete on directory to {{writer}};
grant select on directory to {{reader}};
grant select, insert, update on segment_range, head to {{writer}};
grant select on segment_range, head to {{reader}};
grant select on entry, bundle, personal, person, profile, tile, checkpoint, rollup, span, posting, projection to {{reader}};
grant select on entry, bundle, personal to {{writer}};
grant select, insert on person, profile to {{writer}};
grant select, insert, update (hashes) on tile to {{writer}};
grant select, insert, update (published) on checkpoint to {{writer}};
grant select, insert, update on projection to {{writer}};
grant select, insert, update, delete on rollup, span, posting to {{writer}};

-- Entries of a segment over all ledgers: for the maintenance login, which sees no ledger.
create function segment_entries(segment_number integer) returns bigint language plpgsql security definer set search_path = bitacora as $$
begin
  perform set_config('bitacora.ledgers', (select string_agg(id::text, ',') from ledger), true);
  return (select sum(end_index - first_index) from segment_range where segment = segment_number);
end $$;
revoke execute on function segment_entries from public;
grant execute on function segment_entries to {{maintenance}};

-- One row per server: written every two seconds, so that health goes red when nothing can be written.
create table heartbeat (
  server text primary key,
  at timestamptz not null
);
grant select, insert, update on heartbeat to {{writer}};
