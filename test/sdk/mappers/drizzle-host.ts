import { asc, eq, gte, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { boolean, integer, jsonb, numeric, pgTable, text } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { auditPool, drizzleTransaction } from '@bitacora/sdk/drizzle';
import { takenBack, type BookingHost, type OpenOptions } from './booking-host.ts';

const booking = pgTable('booking', {
  id: integer().primaryKey().generatedByDefaultAsIdentity(),
  guest: text().notNull(),
  nights: integer(),
  total: numeric({ precision: 12, scale: 2 }),
  paid: boolean().notNull().default(false),
  notes: jsonb(),
  door: text(),
});

type Transaction = Parameters<Parameters<NodePgDatabase['transaction']>[0]>[0];

export async function openDrizzle({ url, audit, ...options }: OpenOptions): Promise<BookingHost> {
  const pool = auditPool(new pg.Pool({ connectionString: url }), audit, options);
  return hostOf(drizzle({ client: pool }), () => pool.end());
}

function hostOf(db: NodePgDatabase | Transaction, close: () => Promise<void>): BookingHost {
  return {
    create: async (row) => void (await db.insert(booking).values(row)),
    createMany: async (rows) => void (await db.insert(booking).values(rows).returning({ id: booking.id })),
    update: async (guest, fields) =>
      void (await db.update(booking).set(fields).where(eq(booking.guest, guest))),
    updateMany: async (nightsMin, fields) =>
      (await db.update(booking).set(fields).where(gte(booking.nights, nightsMin)).returning()).length,
    remove: async (guest) => void (await db.delete(booking).where(eq(booking.guest, guest))),
    removeMany: async (nightsMin) =>
      (await db.delete(booking).where(gte(booking.nights, nightsMin))).rowCount ?? 0,
    upsert: async (row) =>
      void (await db.insert(booking).values(row).onConflictDoUpdate({ target: booking.guest, set: row })),
    raw: (statement) => db.execute(sql.raw(statement)),
    transaction: (work) =>
      db.transaction((transaction) => work(hostOf(transaction, close), drizzleTransaction(transaction, sql))),
    failedPart: (work) =>
      db
        .transaction(async (part) => {
          await work(hostOf(part, close));
          throw takenBack;
        })
        .catch((error: unknown) => {
          if (error !== takenBack) throw error;
        }),
    guests: async () => (await db.select().from(booking).orderBy(asc(booking.id))).map(({ guest }) => guest),
    close,
  };
}
