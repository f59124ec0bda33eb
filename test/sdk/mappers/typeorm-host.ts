import pg from 'pg';
import { DataSource, EntitySchema, MoreThanOrEqual, type EntityManager } from 'typeorm';
import { auditDriver, typeormTransaction } from '@bitacora/sdk/typeorm';
import { takenBack, type BookingHost, type OpenOptions } from './booking-host.ts';

const Booking = new EntitySchema<any>({
  name: 'Booking',
  tableName: 'booking',
  columns: {
    id: { type: 'integer', primary: true, generated: 'increment' },
    guest: { type: 'text', unique: true },
    nights: { type: 'integer', nullable: true },
    total: { type: 'numeric', precision: 12, scale: 2, nullable: true },
    paid: { type: 'boolean', default: false },
    notes: { type: 'jsonb', nullable: true },
    door: { type: 'text', nullable: true },
  },
});

export async function openTypeorm({ url, audit, ...options }: OpenOptions): Promise<BookingHost> {
  const source = new DataSource({
    type: 'postgres',
    url,
    driver: auditDriver(pg, audit, options),
    entities: [Booking],
  });
  await source.initialize();
  return hostOf(source.manager, () => source.destroy());
}

function hostOf(manager: EntityManager, close: () => Promise<void>): BookingHost {
  return {
    // `save` inserts an entity without an id, and selects an entity with an id before it updates it.
    create: async (row) => void (await manager.save(Booking, { ...row })),
    createMany: async (rows) => void (await manager.insert(Booking, rows)),
    async update(guest, fields) {
      if (fields.id !== undefined) return void (await manager.update(Booking, { guest }, fields));
      const found = await manager.findOneByOrFail(Booking, { guest });
      await manager.save(Booking, { ...found, ...fields });
    },
    updateMany: async (nightsMin, fields) =>
      (await manager.update(Booking, { nights: MoreThanOrEqual(nightsMin) }, fields)).affected ?? 0,
    async remove(guest) {
      await manager.remove(Booking, await manager.findOneByOrFail(Booking, { guest }));
    },
    removeMany: async (nightsMin) =>
      (await manager.delete(Booking, { nights: MoreThanOrEqual(nightsMin) })).affected ?? 0,
    upsert: async (row) => void (await manager.upsert(Booking, row, ['guest'])),
    raw: (text) => manager.query(text),
    transaction: (work) =>
      manager.transaction((inner) => work(hostOf(inner, close), typeormTransaction(inner))),
    failedPart: (work) =>
      manager
        .transaction(async (inner) => {
          await work(hostOf(inner, close));
          throw takenBack;
        })
        .catch((error: unknown) => {
          if (error !== takenBack) throw error;
        }),
    guests: async () => (await manager.find(Booking, { order: { id: 'asc' } })).map(({ guest }) => guest),
    close,
  };
}
