import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withContext, withoutAudit, type Audit } from '@bitacora/sdk';
import { outboxInstallSql, type OutboxEvent } from '@bitacora/sdk/outbox';
import { installCapture } from '@bitacora/sdk/postgres';
import { createHostDatabase, everybodyLeft } from '../support/host-database.ts';
import { fieldsOf, outboxEvents, shortOf } from '../support/outbox-events.ts';
import { runPostgres, type PostgresCluster } from '../support/run-postgres.ts';
import { unsentAudit } from '../support/unsent-audit.ts';
import { bookingTable, takenBack, type BookingHost, type OpenBookingHost } from './mappers/booking-host.ts';
import { openDrizzle } from './mappers/drizzle-host.ts';
import { openKysely } from './mappers/kysely-host.ts';
import { openPlain } from './mappers/plain-host.ts';
import { openPrisma } from './mappers/prisma-host.ts';
import { openTypeorm } from './mappers/typeorm-host.ts';

let cluster: PostgresCluster;
let audit: Audit;

beforeAll(async () => {
  cluster = await runPostgres({ fsync: 'off' });
  audit = unsentAudit('hotel');
});
afterAll(async () => {
  await audit?.close(100);
  await everybodyLeft(cluster.url);
  await cluster.close();
});

const mappers: [string, OpenBookingHost][] = [
  ['kysely', openKysely],
  ['drizzle', openDrizzle],
  ['typeorm', openTypeorm],
  ['prisma', openPrisma],
  ['triggers', openPlain],
];

describe.each(mappers)('F-03 SDK-31 C-02 by %s:', (name, open) => {
  let host: BookingHost;
  let admin: pg.Pool;

  beforeAll(async () => {
    const url = await createHostDatabase(cluster.url, name);
    admin = new pg.Pool({ connectionString: url });
    await admin.query(outboxInstallSql({ roles: [] }));
    await admin.query(bookingTable);
    host = await open({ url, audit, ignore: ['paid'], mask: ['door'] });
  });
  beforeEach(async () => {
    await admin.query('truncate booking restart identity');
    await admin.query('truncate bitacora.outbox');
  });
  afterAll(async () => {
    await host?.close();
    await admin?.end();
  });

  const captured = async (): Promise<OutboxEvent[]> => outboxEvents(admin);

  test('a created row is an event with its fields', async () => {
    await host.create({ guest: 'Ann', nights: 2, total: '120.50' });
    const [event, ...others] = await captured();
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      action: 'booking.create',
      operation: 'create',
      targets: [{ type: 'booking', id: '1' }],
    });
    expect(fieldsOf(event)).toEqual({ id: [1], guest: ['Ann'], nights: [2], total: ['120.50'] });
  });

  test('an insert of many rows is an event for each', async () => {
    await host.createMany([
      { guest: 'Ann', nights: 1 },
      { guest: 'Bo', nights: 2 },
      { guest: 'Cy', nights: 3 },
    ]);
    expect(shortOf(await captured())).toEqual(['booking.create 1', 'booking.create 2', 'booking.create 3']);
  });

  test('an update has the fields that changed, before and after', async () => {
    await host.create({ guest: 'Ann', nights: 2, total: '99999999.10' });
    await captured();
    await host.update('Ann', { nights: 3, total: '99999999.11' });
    const [event, ...others] = await captured();
    expect(others).toEqual([]);
    expect(event).toMatchObject({ action: 'booking.update', targets: [{ type: 'booking', id: '1' }] });
    expect(fieldsOf(event)).toEqual({ nights: [2, 3], total: ['99999999.10', '99999999.11'] });
  });

  test('an update that changes nothing, and one of ignored columns only, is no event', async () => {
    await host.create({ guest: 'Ann', nights: 2, notes: { a: 1, b: [1, 2] } });
    await captured();
    await host.update('Ann', { nights: 2 });
    await host.update('Ann', { notes: { b: [1, 2], a: 1 } });
    await host.raw('update booking set paid = not paid');
    expect(await captured()).toEqual([]);
  });

  test('an update of many rows is an event for each row that changed', async () => {
    await host.createMany([1, 2, 3, 4].map((nights) => ({ guest: `guest ${nights}`, nights })));
    await captured();
    expect(await host.updateMany(2, { nights: 3 })).toBe(3);
    const events = await captured();
    expect(shortOf(events).toSorted()).toEqual(['booking.update 2', 'booking.update 4']);
    expect(events.map(fieldsOf).toSorted((a, b) => a['nights']?.[0] - b['nights']?.[0])).toEqual([
      { nights: [2, 3] },
      { nights: [4, 3] },
    ]);
    expect(await host.guests()).toHaveLength(4);
  });

  test('a deleted row is an event with its fields; each of many rows is its own event', async () => {
    await host.createMany([1, 2, 3].map((nights) => ({ guest: `guest ${nights}`, nights })));
    await captured();
    await host.remove('guest 1');
    const [event] = await captured();
    expect(fieldsOf(event)).toEqual({ id: [1], guest: ['guest 1'], nights: [1] });
    expect(event).toMatchObject({ action: 'booking.delete', operation: 'delete' });
    expect(await host.removeMany(2)).toBe(2);
    expect(shortOf(await captured()).toSorted()).toEqual(['booking.delete 2', 'booking.delete 3']);
  });

  test('an upsert is a create, or an update with what was there', async () => {
    await host.upsert({ guest: 'Ann', nights: 2 });
    const [created] = await captured();
    expect(created).toMatchObject({ action: 'booking.create' });
    await host.upsert({ guest: 'Ann', nights: 5 });
    const [event, ...others] = await captured();
    expect(others).toEqual([]);
    expect(event).toMatchObject({ action: 'booking.update' });
    expect(fieldsOf(event)).toEqual({ nights: [2, 5] });
    await host.upsert({ guest: 'Ann', nights: 5 });
    expect(await captured()).toEqual([]);
  });

  test('SQL through the same connection is captured row by row', async () => {
    await host.createMany([1, 2, 3].map((nights) => ({ guest: `guest ${nights}`, nights })));
    await captured();
    await host.raw(
      `with less as (select 1 as night) update booking as b set nights = b.nights - less.night from less where b.nights > 1`,
    );
    expect((await captured()).map(fieldsOf)).toEqual(
      expect.arrayContaining([{ nights: [2, 1] }, { nights: [3, 2] }]),
    );
    await host.raw(`insert into booking (guest, nights) select 'copy of ' || guest, nights from booking`);
    expect(shortOf(await captured())).toEqual(['booking.create 4', 'booking.create 5', 'booking.create 6']);
    await host.raw(
      `delete from booking using (values ('copy of guest 1')) as v(guest) where booking.guest = v.guest`,
    );
    expect(shortOf(await captured())).toEqual(['booking.delete 4']);
    await host.raw('truncate table booking');
    expect(shortOf(await captured())).toEqual(['booking.truncate *']);
  });

  test('a row whose key changes has events under both keys', async () => {
    await host.create({ guest: 'Ann' });
    await captured();
    await host.update('Ann', { id: 70 });
    const [event] = await captured();
    expect(event?.targets).toEqual([
      { type: 'booking', id: '1' },
      { type: 'booking', id: '70' },
    ]);
    expect(fieldsOf(event)).toEqual({ id: [1, 70] });
  });

  test('rolled back changes give no events, and committed changes give them in order', async () => {
    await expect(
      host.transaction(async (inner) => {
        await inner.create({ guest: 'Ann', nights: 1 });
        await inner.updateMany(1, { nights: 9 });
        throw takenBack;
      }),
    ).rejects.toThrow(takenBack.message);
    expect(await captured()).toEqual([]);
    await host.transaction(async (inner) => {
      await inner.create({ guest: 'Ann', nights: 1 });
      await inner.update('Ann', { nights: 2 });
      await inner.remove('Ann');
    });
    expect((await captured()).map(({ action }) => action)).toEqual([
      'booking.create',
      'booking.update',
      'booking.delete',
    ]);
  });

  test('changes undone by a savepoint give no events; the rest of the transaction does', async () => {
    await host.transaction(async (inner) => {
      await inner.create({ guest: 'Ann', nights: 1 });
      await inner.failedPart(async (part) => {
        await part.create({ guest: 'Bo', nights: 1 });
        await part.updateMany(1, { nights: 9 });
      });
      await inner.create({ guest: 'Cy', nights: 1 });
    });
    expect((await captured()).map((event) => fieldsOf(event)['guest'])).toEqual([['Ann'], ['Cy']]);
    expect(await host.guests()).toEqual(['Ann', 'Cy']);
  });

  test('a failing statement fails for the host, and gives no events', async () => {
    await host.create({ guest: 'Ann' });
    await captured();
    await expect(host.create({ guest: 'Ann' })).rejects.toBeInstanceOf(Error);
    await expect(host.raw('update booking set nights = 1 / 0')).rejects.toBeInstanceOf(Error);
    await expect(host.raw('update booking set no_such_column = 1')).rejects.toBeInstanceOf(Error);
    expect(await captured()).toEqual([]);
    await host.update('Ann', { nights: 1 });
    expect(await captured()).toHaveLength(1);
  });

  test('a masked column shows that it changed, and not its values', async () => {
    await host.create({ guest: 'Ann', door: 'first' });
    await host.update('Ann', { door: 'second' });
    await host.update('Ann', { nights: 1 });
    const rows = await admin.query('select * from bitacora.outbox');
    expect(JSON.stringify(rows.rows)).not.toMatch(/first|second/);
    const events = await captured();
    expect(events.map((event) => fieldsOf(event)['door'])).toEqual([
      ['[masked]'],
      ['[masked]', '[masked]'],
      undefined,
    ]);
  });

  test('the running context is on the events, and without audit there are none', async () => {
    const context = { actor: { id: 'u-7', name: 'Ada' }, correlationId: 'c-1', reason: 'asked by phone' };
    await withContext(context, () => host.create({ guest: 'Ann', nights: 1 }));
    await withContext(context, () => host.transaction((inner) => inner.update('Ann', { nights: 2 })));
    for (const event of await captured()) {
      expect(event).toMatchObject({
        actor: { id: 'u-7', name: 'Ada' },
        correlationId: 'c-1',
        reason: 'asked by phone',
      });
    }
    await withoutAudit(async () => {
      await host.update('Ann', { nights: 3 });
      await host.transaction((inner) => inner.update('Ann', { nights: 4 }));
    });
    expect(await captured()).toEqual([]);
    await host.update('Ann', { nights: 5 });
    const [own] = await captured();
    expect(own?.actor).toMatchObject({ type: 'system' });
    expect(own?.correlationId).toBeUndefined();
  });

  test('SDK-17 an event captured with the transaction is committed or rolled back with it', async () => {
    const booked = { action: 'booking.confirm', targets: [{ type: 'booking', id: '1' }] };
    await host.transaction(async (_, transaction) => {
      expect(await audit.capture(booked, { transaction })).toMatchObject({ state: 'outboxed' });
    });
    expect(shortOf(await captured())).toEqual(['booking.confirm 1']);
    const failed = host.transaction(async (_, transaction) => {
      await audit.capture(booked, { transaction });
      throw takenBack;
    });
    await expect(failed).rejects.toThrow(takenBack.message);
    expect(await captured()).toEqual([]);
  });

  test('with triggers on the same table as well, nothing is recorded twice', async () => {
    await installCapture((text, values) => admin.query(text, [...values]), {
      tables: ['booking'],
      ignore: ['paid'],
      mask: ['door'],
    });
    // The host has not read the catalogue again yet; its first statement shows the change.
    const work = async (): Promise<string[]> => {
      await host.createMany([1, 2].map((nights) => ({ guest: `guest ${nights}`, nights })));
      await host.updateMany(1, { nights: 5 });
      await host.upsert({ guest: 'guest 1', nights: 6 });
      await host.transaction((inner) => inner.update('guest 2', { nights: 7 }));
      // Meanwhile another writer, without the host, changes the row.
      await admin.query(`update booking set nights = 8 where guest = 'guest 2'`);
      await host.removeMany(1);
      return (await captured()).map(({ action }) => action);
    };
    const once = ['create', 'create', 'update', 'update', 'update', 'update', 'update', 'delete', 'delete'];
    expect(await work()).toEqual(once.map((verb) => `booking.${verb}`));
    // A change of the catalogue through the host makes it read the catalogue again. Then the triggers capture all changes.
    await host.raw('create table if not exists other (id integer)');
    await admin.query('truncate booking restart identity');
    await captured();
    expect(await work()).toEqual(once.map((verb) => `booking.${verb}`));
  });
});
