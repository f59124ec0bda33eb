/**
 * Makes `bitacora.outbox` in the host's database; run as often as wanted, by someone who may create a schema. A script of
 * several statements: send it without values, so that it is one transaction.
 *
 * `event` is a whole event, written by `capture`, and `tenant` that of its context; `relation` to `after` tell of a row that a trigger saw, which
 * becomes an event when it is forwarded; it has no `id` then, and the event's is made of `origin`, `position` and
 * `created_at`. Positions come in the order of writing, not of commit: nothing may remember "the last position sent". A row is
 * here until the server has its event.
 *
 * @param options.roles who may write events, besides the owner (triggers write whoever the writer is)
 */
export function outboxInstallSql(options: { readonly roles?: readonly string[] } = {}): string {
  const grants = (options.roles ?? []).map((role) => {
    const name = `"${role.replaceAll('"', '""')}"`;
    return `grant usage on schema bitacora to ${name};\ngrant insert on bitacora.outbox to ${name};\n`;
  });
  return [...steps, ...grants].join('\n');
}

/** Numbered by their place: a change of the table is a step at the end, never another text of a step. */
const steps = [
  // 0: "if not exists" is not safe against another session that does the same; the number is an arbitrary one of ours
  'select pg_catalog.pg_advisory_xact_lock(4802193370117);',
  // 1
  'create schema if not exists bitacora;',
  // 2
  `create table if not exists bitacora.outbox (
  position bigint generated always as identity primary key,
  id uuid not null default pg_catalog.gen_random_uuid(),
  created_at timestamptz not null default pg_catalog.clock_timestamp(),
  event json,
  relation oid,
  writer text,
  options text,
  application text,
  context text,
  before json,
  after json,
  leased_until timestamptz,
  rejected_at timestamptz,
  reason text
);`,
  // 3: a random id costs 1.2 µs, a tenth of an updated row's capture: rows that triggers write get one when they are read
  `do $$ begin
  if not exists (select from pg_catalog.pg_attribute where attrelid = 'bitacora.outbox'::pg_catalog.regclass and attname = 'origin') then
    execute pg_catalog.format('alter table bitacora.outbox alter id drop default, alter id drop not null, add origin uuid not null default %L',
      pg_catalog.gen_random_uuid());
  end if;
end $$;`,
  // 4: asked first, for "if not exists" locks the table even when there is nothing to add
  `do $$ begin
  if not exists (select from pg_catalog.pg_attribute where attrelid = 'bitacora.outbox'::pg_catalog.regclass and attname = 'tenant') then
    alter table bitacora.outbox add tenant text;
  end if;
end $$;`,
];
