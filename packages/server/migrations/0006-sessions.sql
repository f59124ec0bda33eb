-- Sessions of the hosts' users, derived from the events that carry a session id; rebuilt from the ledger at any time.
create table session (
  ledger integer not null references ledger,
  -- Index and id of the event that opened it: who it was, address and agent are read from there, so that an erasure holds.
  opened_index bigint not null,
  id uuid not null,
  -- Keyed hash of the host's session id, which may be a token that lets its holder in.
  token bytea not null,
  -- The actor's id as the entry has it.
  actor text not null,
  -- Keyed hash of address and agent; empty where neither is known.
  place bytea not null,
  started_at timestamptz not null,
  last_seen_at timestamptz not null,
  closed_at timestamptz,
  close_reason text check (close_reason in ('logout', 'expiry', 'administrator')),
  closed_index bigint,
  primary key (ledger, opened_index)
);
create index session_token on session (ledger, token, opened_index);
create index session_id on session (ledger, id);
create index session_started on session (ledger, started_at, opened_index);
create index session_closed on session (ledger, closed_index) where closed_index is not null;

alter table session enable row level security;
alter table session force row level security;
create policy visible on session using (ledger = any (visible_ledgers())) with check (ledger = any (visible_ledgers()));
grant select, insert, update, delete on session to {{writer}};
grant select on session to {{reader}};
