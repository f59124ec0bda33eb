-- The id that an event got because of its request's Idempotency-Key: kept for ever, as retries may come at any time.
create table idempotency_key (
  tenant integer not null references tenant,
  -- Hash of the address and the key.
  key bytea not null,
  -- Of the event among those of the request.
  position integer not null,
  id uuid not null,
  created_at timestamptz not null default now(),
  primary key (tenant, key, position)
);
alter table idempotency_key enable row level security;
alter table idempotency_key force row level security;
create policy visible on idempotency_key to {{writer}} using (tenant = visible_tenant()) with check (tenant = visible_tenant());
grant select, insert on idempotency_key to {{writer}};
