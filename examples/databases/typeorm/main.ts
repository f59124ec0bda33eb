// TypeORM makes its own pool, so that it gets an audited `pg` as its driver.
import pg from 'pg';
import { DataSource, EntitySchema } from 'typeorm';
import { createAudit, runAs } from '@bitacora/sdk';
import { createOutboxForwarder, outboxInstallSql } from '@bitacora/sdk/outbox';
import { auditDriver, typeormTransaction } from '@bitacora/sdk/typeorm';

interface Booking {
  id: number;
  guest: string;
  nights: number;
}
const Booking = new EntitySchema<Booking>({
  name: 'booking',
  columns: {
    id: { type: 'integer', primary: true, generated: 'increment' },
    guest: { type: 'text' },
    nights: { type: 'integer' },
  },
});

// The events go to the server in BITACORA_URL, with the key in BITACORA_API_KEY; the bookings are in DATABASE_URL.
const audit = createAudit({ name: 'hotel' });
const source = new DataSource({
  type: 'postgres',
  url: process.env['DATABASE_URL'] ?? '',
  driver: auditDriver(pg, audit, { tables: { booking: { nameColumn: 'guest' } } }),
  entities: [Booking],
});
await source.initialize();
await source.query(outboxInstallSql());
await source.query(
  'create table if not exists booking (id serial primary key, guest text not null, nights integer not null)',
);

await runAs({ type: 'user', id: 'u-7', name: 'Ada' }, () =>
  source.transaction(async (manager) => {
    await manager.insert(Booking, [
      { guest: 'Ann', nights: 1 },
      { guest: 'Bo', nights: 2 },
    ]);
    await manager.updateAll(Booking, { nights: () => 'nights + 1' });
    await manager.delete(Booking, { guest: 'Bo' });
    // The application's own event, written in the same transaction.
    const event = { action: 'booking.confirm', target: { type: 'booking', id: '1' } };
    await audit.capture(event, { transaction: typeormTransaction(manager) });
  }),
);

// A real application forwards all the time, with `forwarder.run(signal)` or the command `bitacora capture forward`.
const plain = new pg.Pool({ connectionString: process.env['DATABASE_URL'] ?? '' });
const forwarder = createOutboxForwarder({
  query: (text, values) => plain.query(text, [...values]),
  to: audit,
});
const { sent } = await forwarder.forwardOnce();
console.log(`${sent} events sent`);
await audit.close();
await Promise.all([plain.end(), source.destroy()]);
