// Kysely's dialect gets the audited pool, which captures everything that Kysely changes.
import { CompiledQuery, Kysely, PostgresDialect, type Generated } from 'kysely';
import pg from 'pg';
import { createAudit, runAs } from '@bitacora/sdk';
import { auditPool, kyselyTransaction } from '@bitacora/sdk/kysely';
import { createOutboxForwarder, outboxInstallSql } from '@bitacora/sdk/outbox';

interface Tables {
  booking: { id: Generated<number>; guest: string; nights: number };
}

// The events go to the server in BITACORA_URL, with the key in BITACORA_API_KEY; the bookings are in DATABASE_URL.
const audit = createAudit({ name: 'hotel' });
const plain = new pg.Pool({ connectionString: process.env['DATABASE_URL'] ?? '' });
const pool = auditPool(plain, audit, { tables: { booking: { nameColumn: 'guest' } } });
const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });

await plain.query(outboxInstallSql());
await plain.query(
  'create table if not exists booking (id serial primary key, guest text not null, nights integer not null)',
);

await runAs({ type: 'user', id: 'u-7', name: 'Ada' }, () =>
  db.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('booking')
      .values([
        { guest: 'Ann', nights: 1 },
        { guest: 'Bo', nights: 2 },
      ])
      .execute();
    await transaction
      .updateTable('booking')
      .set((eb) => ({ nights: eb('nights', '+', 1) }))
      .execute();
    await transaction.deleteFrom('booking').where('guest', '=', 'Bo').execute();
    // The application's own event, written in the same transaction.
    const event = { action: 'booking.confirm', target: { type: 'booking', id: '1' } };
    await audit.capture(event, { transaction: kyselyTransaction(transaction, CompiledQuery) });
  }),
);

// A real application forwards all the time, with `forwarder.run(signal)` or the command `bitacora capture forward`.
const forwarder = createOutboxForwarder({
  query: (text, values) => plain.query(text, [...values]),
  to: audit,
});
const { sent } = await forwarder.forwardOnce();
console.log(`${sent} events sent`);
await audit.close();
await db.destroy();
