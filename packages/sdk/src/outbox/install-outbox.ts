/**
 * The script that makes `bitacora.outbox` in the host's database. A role that may create a schema can run it, any number of
 * times. It has several statements; send it without values, so that it is one transaction.
 *
 * A row is of one of two kinds. `capture` writes a complete event, with the tenant of its context. A trigger writes a change in
 * the columns `relation` to `after`, which becomes an event when it is forwarded. A trigger's row has no `id`: the event's id
 * is derived from `origin`, `position` and `created_at`. Positions are in the order of writing, not of commit, so a reader must
 * not skip rows below the last position that it sent. A row stays until the server has its event.
 *
 * @param options.roles who may write events, besides the owner (triggers can write for any role)
 */
export function outboxInstallSql(options: { readonly roles?: readonly string[] } = {}): string {
  const grants = (options.roles ?? []).map((role) => {
    const name = `"${role.replaceAll('"', '""')}"`;
    return `grant usage on schema bitacora to ${name};\ngrant insert on bitacora.outbox to ${name};\n`;
  });
  return [...steps, ...grants].join('\n');
}

/** A change of the table is a new step at the end; the text of an earlier step never changes. */
const steps = [
  // 0: "if not exists" is not safe against another session that does the same at the same time; the number is arbitrary
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
  // 3: a random id costs 1.2 µs, a tenth of an updated row's capture, so that a trigger's row gets its id when it is read
  `do $$ begin
  if not exists (select from pg_catalog.pg_attribute where attrelid = 'bitacora.outbox'::pg_catalog.regclass and attname = 'origin') then
    execute pg_catalog.format('alter table bitacora.outbox alter id drop default, alter id drop not null, add origin uuid not null default %L',
      pg_catalog.gen_random_uuid());
  end if;
end $$;`,
  // 4: the catalogue is asked first, because "add column if not exists" locks the table even when there is nothing to add
  `do $$ begin
  if not exists (select from pg_catalog.pg_attribute where attrelid = 'bitacora.outbox'::pg_catalog.regclass and attname = 'tenant') then
    alter table bitacora.outbox add tenant text;
  end if;
end $$;`,
];
