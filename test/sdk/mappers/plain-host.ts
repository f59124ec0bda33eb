import pg from 'pg';
import { installCapture } from '@bitacora/sdk/postgres';
import { triggerContext } from '../../../packages/sdk/src/changes/trigger-context.ts';
import { takenBack, type BookingHost, type OpenOptions } from './booking-host.ts';

type Query = (text: string, values?: unknown[]) => Promise<pg.QueryResult>;

/** A writer without the SDK, on a table with triggers. It only sets `bitacora.context`. */
export async function openPlain({ url, ignore, mask }: OpenOptions): Promise<BookingHost> {
  const pool = new pg.Pool({ connectionString: url });
  await installCapture((text, values) => pool.query(text, [...values]), {
    tables: ['booking'],
    ...(ignore && { ignore }),
    ...(mask && { mask }),
  });
  const inTransaction = async (work: (query: Query) => Promise<any>): Promise<any> => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query(`select set_config('bitacora.context', $1, true)`, [triggerContext()]);
      const result = await work((text, values) => client.query(text, values));
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  };
  const host = hostOf(
    (text, values) => inTransaction((query) => query(text, values)),
    () => pool.end(),
  );
  return {
    ...host,
    transaction: (work) =>
      inTransaction((query) =>
        work(
          hostOf(query, () => Promise.resolve()),
          { query: (text, values) => query(text, [...values]) },
        ),
      ),
  };
}

function hostOf(query: Query, close: () => Promise<void>): BookingHost {
  const assign = (fields: object, from: number): string =>
    Object.keys(fields)
      .map((name, at) => `${name} = $${at + from}`)
      .join(', ');
  const insert = (rows: object[]): [string, unknown[]] => {
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const values = rows.flatMap((row) => columns.map((name) => Reflect.get(row, name) ?? null));
    const tuples = rows.map(
      (_, at) => `(${columns.map((__, place) => `$${at * columns.length + place + 1}`).join(', ')})`,
    );
    return [`insert into booking (${columns.join(', ')}) values ${tuples.join(', ')}`, values];
  };
  return {
    create: async (row) => void (await query(...insert([row]))),
    createMany: async (rows) => void (await query(...insert(rows))),
    update: async (guest, fields) =>
      void (await query(`update booking set ${assign(fields, 2)} where guest = $1`, [
        guest,
        ...Object.values(fields),
      ])),
    updateMany: async (nightsMin, fields) =>
      (
        await query(`update booking set ${assign(fields, 2)} where nights >= $1`, [
          nightsMin,
          ...Object.values(fields),
        ])
      ).rowCount ?? 0,
    remove: async (guest) => void (await query('delete from booking where guest = $1', [guest])),
    removeMany: async (nightsMin) =>
      (await query('delete from booking where nights >= $1', [nightsMin])).rowCount ?? 0,
    async upsert(row) {
      const [text, values] = insert([row]);
      const set = Object.keys(row)
        .map((name) => `${name} = excluded.${name}`)
        .join(', ');
      await query(`${text} on conflict (guest) do update set ${set}`, values);
    },
    raw: (text) => query(text),
    transaction: () => Promise.reject(new Error('in a transaction already')),
    async failedPart(work) {
      await query('savepoint part');
      await work(hostOf(query, close)).catch((error: unknown) => {
        if (error !== takenBack) throw error;
      });
      await query('rollback to savepoint part');
    },
    guests: async () => (await query('select guest from booking order by id')).rows.map(({ guest }) => guest),
    close,
  };
}
