import type { RunQuery } from '../changes/read-catalogue.ts';
import type { OutboxRow } from './outbox-row.ts';

// The id is the same whenever it is made, and a different one when a restored database gives the same position again.
const derivedId = `md5(origin::text || position || ' ' || extract(epoch from created_at))::uuid`;

// A lease, because a lock that lasts as long as the sending would need a connection and an open transaction, which keeps the
// whole database from being vacuumed. `leased_until` is in no index, so that the update is heap-only.
const leaseSql = (order: string): string => `
with taken as (
  update bitacora.outbox o set leased_until = pg_catalog.clock_timestamp() + $2::text::float8 * interval '1 millisecond'
  from (select position from bitacora.outbox
    where rejected_at is null and (leased_until is null or leased_until < pg_catalog.clock_timestamp())
    order by ${order} limit $1::text::int for no key update skip locked) as next
  where o.position = next.position
  returning o.*)
select position::text as position, coalesce(id, ${derivedId})::text as id,
  (extract(epoch from created_at) * 1000)::bigint::text as created_at_ms, event::text as event,
  case when relation is not null then json_build_object('table', relation, 'role', writer, 'options', options,
    'application', application, 'context', left(context, 20000))::text end as change,
  before::text as before, after::text as after, tenant from taken order by taken.position`;

export interface LeaseOptions {
  readonly rowsMax: number;
  readonly leaseMs: number;
  /**
   * True: rows that were never taken come first, then those that wait longest for another try; this reads all rows. False: the
   * oldest come first.
   */
  readonly triedLast: boolean;
}

/** Leases rows that no forwarder has, for `leaseMs`, and returns them in order. */
export async function leaseRows(
  query: RunQuery,
  { rowsMax, leaseMs, triedLast }: LeaseOptions,
): Promise<readonly OutboxRow[]> {
  const sql = leaseSql(triedLast ? 'leased_until nulls first, position' : 'position');
  const { rows } = await query(sql, [String(rowsMax), String(leaseMs)]);
  return rows.map(outboxRow);
}

/** Deletes rows whose events are in the ledger. */
export async function deleteRows(query: RunQuery, rows: readonly OutboxRow[]): Promise<void> {
  if (rows.length === 0) return;
  await query('delete from bitacora.outbox where position = any($1::text[]::bigint[])', [positionsOf(rows)]);
}

const rejectSql = `
update bitacora.outbox o set rejected_at = pg_catalog.clock_timestamp(), reason = r.reason, leased_until = null
from (select unnest($1::text[]::bigint[]) as position, unnest($2::text[]) as reason) as r where o.position = r.position`;

/** Marks rows whose events will never be in the ledger. They stay, so that a person can look at them. */
export async function rejectRows(
  query: RunQuery,
  rejected: readonly { readonly row: OutboxRow; readonly reason: string }[],
): Promise<void> {
  if (rejected.length === 0) return;
  await query(rejectSql, [positionsOf(rejected.map(({ row }) => row)), rejected.map(({ reason }) => reason)]);
}

/** Ends the leases of rows, so that the next batch may take them. */
export async function releaseRows(query: RunQuery, rows: readonly OutboxRow[]): Promise<void> {
  if (rows.length === 0) return;
  await query('update bitacora.outbox set leased_until = null where position = any($1::text[]::bigint[])', [
    positionsOf(rows),
  ]);
}

function positionsOf(rows: readonly OutboxRow[]): string[] {
  return rows.map(({ position }) => position);
}

function outboxRow(row: unknown): OutboxRow {
  const text = (column: string): string | null => {
    const value: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, column) : null;
    return typeof value === 'string' ? value : null;
  };
  return {
    position: text('position') ?? '',
    id: text('id') ?? '',
    createdAtMs: Number(text('created_at_ms')),
    event: text('event'),
    change: text('change'),
    before: text('before'),
    after: text('after'),
    tenant: text('tenant'),
  };
}
