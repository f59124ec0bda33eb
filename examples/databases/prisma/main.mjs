// Prisma's adapter-pg gets the audited pool. Run `npx prisma generate --schema schema.prisma` first.
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { createAudit, runAs } from '@bitacora/sdk';
import { createOutboxForwarder, outboxInstallSql } from '@bitacora/sdk/outbox';
import { auditPool, prismaTransaction } from '@bitacora/sdk/prisma';
import { PrismaClient } from './dist/client.ts';

// The events go to the server in BITACORA_URL, with the key in BITACORA_API_KEY; the bookings are in DATABASE_URL.
const audit = createAudit({ name: 'hotel' });
const plain = new pg.Pool({ connectionString: process.env['DATABASE_URL'] });
const pool = auditPool(plain, audit, { tables: { booking: { nameColumn: 'guest' } } });
const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });

await plain.query(outboxInstallSql());
await plain.query(
  'create table if not exists booking (id serial primary key, guest text not null, nights integer not null)',
);

// Prisma's queries start when they are awaited, so that they must be awaited inside the context.
await runAs({ type: 'user', id: 'u-7', name: 'Ada' }, async () => {
  await prisma.$transaction(async (transaction) => {
    await transaction.booking.createMany({
      data: [
        { guest: 'Ann', nights: 1 },
        { guest: 'Bo', nights: 2 },
      ],
    });
    await transaction.booking.updateMany({ data: { nights: { increment: 1 } } });
    await transaction.booking.deleteMany({ where: { guest: 'Bo' } });
    // The application's own event, written in the same transaction.
    const event = { action: 'booking.confirm', target: { type: 'booking', id: '1' } };
    await audit.capture(event, { transaction: prismaTransaction(transaction) });
  });
});

// A real application forwards all the time: by `forwarder.run(signal)`, or by the command `bitacora capture forward`.
const forwarder = createOutboxForwarder({
  query: (text, values) => plain.query(text, [...values]),
  to: audit,
});
const { sent } = await forwarder.forwardOnce();
console.log(`${sent} events sent`);
await audit.close();
await prisma.$disconnect();
await plain.end();
