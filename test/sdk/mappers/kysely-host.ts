import {
  CompiledQuery,
  Kysely,
  PostgresDialect,
  type ControlledTransaction,
  type Generated,
  type Transaction,
} from 'kysely';
import pg from 'pg';
import { auditPool, kyselyTransaction } from '@bitacora/sdk/kysely';
import { takenBack, type BookingHost, type BookingRow, type OpenOptions } from './booking-host.ts';

interface Tables {
  booking: {
    id: Generated<number>;
    guest: string;
    nights: number | null;
    total: string | null;
    paid: Generated<boolean>;
    notes: unknown;
    door: string | null;
  };
}

export async function openKysely({ url, audit, ...options }: OpenOptions): Promise<BookingHost> {
  const pool = auditPool(new pg.Pool({ connectionString: url }), audit, options);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return hostOf(db, () => db.destroy());
}

function hostOf(db: Kysely<Tables> | Transaction<Tables>, close: () => Promise<void>): BookingHost {
  const json = ({ notes, ...row }: BookingRow): any => ({
    ...row,
    ...(notes !== undefined && { notes: JSON.stringify(notes) }),
  });
  return {
    create: async (row) => void (await db.insertInto('booking').values(json(row)).execute()),
    createMany: async (rows) => void (await db.insertInto('booking').values(rows.map(json)).execute()),
    update: async (guest, fields) =>
      void (await db
        .updateTable('booking')
        .set(json(fields as BookingRow))
        .where('guest', '=', guest)
        .execute()),
    async updateMany(nightsMin, fields) {
      const done = await db
        .updateTable('booking')
        .set(json(fields as BookingRow))
        .where('nights', '>=', nightsMin)
        .executeTakeFirst();
      return Number(done.numUpdatedRows);
    },
    remove: async (guest) => void (await db.deleteFrom('booking').where('guest', '=', guest).execute()),
    async removeMany(nightsMin) {
      const done = await db.deleteFrom('booking').where('nights', '>=', nightsMin).executeTakeFirst();
      return Number(done.numDeletedRows);
    },
    upsert: async (row) =>
      void (await db
        .insertInto('booking')
        .values(json(row))
        .onConflict((conflict) => conflict.column('guest').doUpdateSet(json(row)))
        .execute()),
    raw: (text) => db.executeQuery(CompiledQuery.raw(text)),
    async transaction(work) {
      const transaction = await (db as Kysely<Tables>).startTransaction().execute();
      try {
        await work(inside(transaction), kyselyTransaction(transaction, CompiledQuery));
        await transaction.commit().execute();
      } catch (error) {
        await transaction.rollback().execute();
        throw error;
      }
    },
    failedPart: () => Promise.reject(new Error('not in a transaction')),
    guests: async () =>
      (await db.selectFrom('booking').select('guest').orderBy('id').execute()).map(({ guest }) => guest),
    close,
  };
}

function inside(transaction: ControlledTransaction<Tables>): BookingHost {
  const host = hostOf(transaction, () => Promise.resolve());
  return {
    ...host,
    async failedPart(work) {
      const part = await transaction.savepoint('part').execute();
      await work(host).catch((error: unknown) => {
        if (error !== takenBack) throw error;
      });
      await part.rollbackToSavepoint('part').execute();
    },
  };
}
