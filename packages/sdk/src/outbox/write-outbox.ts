import type { AuditEvent } from '@bitacora/event';
import type { OutboxTransaction } from '../audit.ts';

const insertSql = `insert into bitacora.outbox (id, event)
  select (one ->> 'id')::uuid, one from pg_catalog.json_array_elements($1::text::json) as one`;

/**
 * Writes events into the host's open transaction, in one statement. They are committed or rolled back with it, and
 * forwarded by `createOutboxForwarder`. Rejects with what the database says, and the transaction is then aborted.
 */
export async function writeOutbox(
  transaction: OutboxTransaction,
  events: readonly AuditEvent[],
): Promise<void> {
  if (events.length === 0) return;
  await transaction.query(insertSql, [JSON.stringify(events)]);
}

/** A transaction that keeps what it is given until `write` puts all of it into a real one, in one statement. */
export function createOutboxBuffer(): OutboxTransaction & {
  write(transaction: OutboxTransaction): Promise<void>;
} {
  const arrays: string[] = [];
  return {
    query(_text, [json]) {
      if (typeof json === 'string') arrays.push(json.slice(1, -1));
      return Promise.resolve();
    },
    async write(transaction) {
      if (arrays.length > 0) await transaction.query(insertSql, [`[${arrays.splice(0).join(',')}]`]);
    },
  };
}
