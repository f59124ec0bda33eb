// Prisma on adapter-pg: the adapter gets the audited pool. First: `npx prisma generate --schema schema.prisma`.
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { createAudit, runAs } from '@bitacora/sdk';
import { createOutboxForwarder, outboxInstallSql } from '@bitacora/sdk/outbox';
import { auditPool, prismaTransaction } from '@bitacora/sdk/prisma';
import { PrismaClient } from './dist/client.ts';

// BITACORA_URL and BITACORA_API_KEY say where the events go, DATABASE_URL where the bookings are.
const audit = createAudit({ name: 'hotel' });
const plain = new pg.Pool({ connectionString: process.env['DATABASE_URL'] });
const pool = auditPool(plain, audit, { tables: { booking: { nameColumn: 'guest' } } });
const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });

await plain.query(outboxInstallSql());
await plain.query(
  'create table if not exists booking (id serial primary key, guest text not null, nights integer not null)',
);

// Prisma's queries start when they are awaited: await them inside of the context, as here.
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
    // An event of one's own, in the same transaction.
    const own = { action: 'booking.confirm', target: { type: 'booking', id: '1' } };
    await audit.capture(own, { transaction: prismaTransaction(transaction) });
  });
});

// A host runs this all the time: `forwarder.run(signal)`, or `bitacora capture forward` beside it.
const forwarder = createOutboxForwarder({
  query: (text, values) => plain.query(text, [...values]),
  to: audit,
});
const { sent } = await forwarder.forwardOnce();
console.log(`${sent} events sent`);
await audit.close();
await prisma.$disconnect();
await plain.end();
