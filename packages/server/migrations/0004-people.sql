-- People who sign in, their sessions and links, and the keys by which host applications vouch for their own users.
-- The writer alone reads them: no query of a caller ever runs over a password's hash.
create table user_account (
  tenant integer not null references tenant,
  id uuid not null,
  -- Lower case, NFC.
  email text not null,
  name text not null,
  role text not null,
  -- What the role reaches: own = actor or subject is host_id.
  scope text not null check (scope in ('all', 'own', 'modules', 'subjects')),
  host_id text,
  modules text[] not null default '{}',
  subjects text[] not null default '{}',
  ledgers text[],
  permissions text[] not null default '{}',
  state text not null check (state in ('invited', 'active', 'disabled')),
  password_hash text,
  -- Encrypted; a code counts once, so the last step that was used is kept.
  totp_secret bytea,
  totp_confirmed boolean not null default false,
  totp_step bigint not null default 0,
  oidc_issuer text,
  oidc_subject text,
  -- Sessions made under another stamp are over: a new password, a disabled user.
  stamp integer not null default 1,
  created_at timestamptz not null default now(),
  last_sign_in_at timestamptz,
  primary key (tenant, id),
  unique (tenant, email),
  unique (tenant, oidc_issuer, oidc_subject)
);

create table recovery_code (
  tenant integer not null,
  user_id uuid not null,
  hash bytea not null,
  used_at timestamptz,
  primary key (tenant, user_id, hash),
  foreign key (tenant, user_id) references user_account on delete cascade
);

-- What a person holds once: an invitation, a reset, the half of a sign-in that still lacks its code.
create table one_time_link (
  tenant integer not null,
  hash bytea not null,
  user_id uuid not null,
  purpose text not null check (purpose in ('owner', 'invite', 'reset', 'code')),
  expires_at timestamptz,
  used_at timestamptz,
  primary key (tenant, hash),
  foreign key (tenant, user_id) references user_account on delete cascade
);

create table user_session (
  tenant integer not null,
  hash bytea not null,
  -- Names the session in lists; tells nothing of the secret.
  id uuid not null,
  user_id uuid not null,
  stamp integer not null,
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  address text,
  user_agent text,
  primary key (tenant, hash),
  unique (tenant, id),
  foreign key (tenant, user_id) references user_account on delete cascade
);
create index user_session_of on user_session (tenant, user_id);

-- Failures in a row, per account and address, per account, and per address.
create table sign_in_failure (
  tenant integer not null references tenant,
  subject bytea not null,
  failures integer not null,
  last_at timestamptz not null,
  locked_until timestamptz,
  primary key (tenant, subject)
);

create table viewer_key (
  tenant integer not null references tenant,
  kid text not null,
  issuer text not null,
  algorithm text not null check (algorithm in ('EdDSA', 'HS256')),
  -- A public key as it is, a shared secret encrypted.
  material bytea not null,
  -- The only names of roles that its tokens may carry; null: every one but owner.
  roles text[],
  created_at timestamptz not null default now(),
  primary key (tenant, kid)
);

do $$
declare t text;
begin
  foreach t in array array['user_account', 'recovery_code', 'one_time_link', 'user_session', 'sign_in_failure', 'viewer_key'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy visible on %I using (tenant = visible_tenant()) with check (tenant = visible_tenant())', t);
    execute format('grant select, insert, update, delete on %I to {{writer}}', t);
  end loop;
end $$;

-- Directory records lie row by row, so the database itself shows a caller of narrow reach no other than his own.
-- `bitacora.records` is a JSON list of ids; absent: all.
create function visible_records() returns jsonb language sql stable parallel safe
  return nullif(current_setting('bitacora.records', true), '')::jsonb;
create policy own_records on directory as restrictive for select
  using (visible_records() is null or visible_records() ? id);
