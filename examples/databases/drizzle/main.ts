// Drizzle on node-postgres gets the audited pool.
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { createAudit, runAs } from '@bitacora/sdk';
import { auditPool, drizzleTransaction } from '@bitacora/sdk/drizzle';
import { createOutboxForwarder, outboxInstallSql } from '@bitacora/sdk/outbox';

const booking = pgTable('booking', {
  id: serial().primaryKey(),
  guest: text().notNull(),
  nights: integer().notNull(),
});

// The events go to the server in BITACORA_URL, with the key in BITACORA_API_KEY; the bookings are in DATABASE_URL.
const audit = createAudit({ name: 'hotel' });
const plain = new pg.Pool({ connectionString: process.env['DATABASE_URL'] ?? '' });
const pool = auditPool(plain, audit, { tables: { booking: { nameColumn: 'guest' } } });
const db = drizzle({ client: pool });

await plain.query(outboxInstallSql());
await plain.query(
  'create table if not exists booking (id serial primary key, guest text not null, nights integer not null)',
);

await runAs({ type: 'user', id: 'u-7', name: 'Ada' }, () =>
  db.transaction(async (transaction) => {
    await transaction.insert(booking).values([
      { guest: 'Ann', nights: 1 },
      { guest: 'Bo', nights: 2 },
    ]);
    await transaction.update(booking).set({ nights: sql`${booking.nights} + 1` });
    await transaction.delete(booking).where(eq(booking.guest, 'Bo'));
    // The application's own event, written in the same transaction.
    const event = { action: 'booking.confirm', target: { type: 'booking', id: '1' } };
    await audit.capture(event, { transaction: drizzleTransaction(transaction, sql) });
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
await pool.end();
