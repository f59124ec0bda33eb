-- Where events come from: one row per instance of an SDK. Each numbers its events from 1; `received` are the numbers that
-- the server judged, `unsent` those that the instance gave up and reported. A number that is in neither is missing.
create table source (
  tenant integer not null references tenant,
  instance text not null,
  name text,
  sdk text,
  state text not null default 'open' check (state in ('open', 'closed')),
  started_at timestamptz,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  report_every_ms integer not null default 30000,
  skew_ms bigint,
  submitted bigint not null default 0,
  rejected bigint not null default 0,
  dropped jsonb not null default '{}',
  received int8multirange not null default '{}',
  unsent int8multirange not null default '{}',
  primary key (tenant, instance)
);
create index source_last_seen on source (tenant, last_seen_at);

alter table source enable row level security;
alter table source force row level security;
create policy visible on source using (tenant = visible_tenant()) with check (tenant = visible_tenant());
grant select, insert, update, delete on source to {{writer}};
grant select on source to {{reader}};
