import type { AuditEvent } from '@bitacora/event';
import type { OutboxTransaction } from '../audit.ts';
import { currentContext } from '../context/audit-context.ts';

const insertSql = `insert into bitacora.outbox (id, event)
  select (e ->> 'id')::uuid, e from pg_catalog.json_array_elements($1::text::json) as e`;
const insertOfTenantSql = `insert into bitacora.outbox (id, event, tenant)
  select (e ->> 'id')::uuid, e, $2::text from pg_catalog.json_array_elements($1::text::json) as e`;

/**
 * Writes events into the host's open transaction, in one statement, with the tenant of the running context. They are committed
 * or rolled back with the transaction, and `createOutboxForwarder` sends them. Rejects with what the database says, and the
 * transaction is then aborted.
 */
export async function writeOutbox(
  transaction: OutboxTransaction,
  events: readonly AuditEvent[],
): Promise<void> {
  if (events.length === 0) return;
  await insert(transaction, JSON.stringify(events), currentContext().tenant);
}

async function insert(transaction: OutboxTransaction, json: string, tenant?: unknown): Promise<void> {
  await (typeof tenant === 'string'
    ? transaction.query(insertOfTenantSql, [json, tenant])
    : transaction.query(insertSql, [json]));
}

/**
 * An object in place of a transaction. It keeps the events until `write` writes them into a real one, in one statement per
 * tenant.
 */
export function createOutboxBuffer(): OutboxTransaction & {
  write(transaction: OutboxTransaction): Promise<void>;
} {
  const arrays = new Map<unknown, string[]>();
  return {
    query(_text, [json, tenant]) {
      if (typeof json !== 'string') return Promise.resolve();
      const events = arrays.get(tenant) ?? [];
      arrays.set(tenant, events);
      events.push(json.slice(1, -1));
      return Promise.resolve();
    },
    async write(transaction) {
      for (const [tenant, events] of arrays) await insert(transaction, `[${events.join(',')}]`, tenant);
      arrays.clear();
    },
  };
}
