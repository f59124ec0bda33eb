import { asSuperuser, largeReference, startLargeSet } from './support/large-set.ts';
import type { SpeedPromise } from './support/promise.ts';

/** S8 in the database: bytes of an event with indexes, personal values and proofs. */
export const bytesPerEvent: SpeedPromise = {
  id: 'S8',
  title: 'bytes per event on disk, hot',
  cost: 'the large data set, once',
  async measure(options) {
    const server = await startLargeSet(options);
    const reference = await largeReference(server, options);
    try {
      const rows = await asSuperuser(server, async (client) => {
        await client.query('checkpoint');
        const sizes = await client.query<{ part: string; bytes: string }>(
          `select regexp_replace(c.relname, '_[0-9]+$', '') as part, sum(pg_total_relation_size(c.oid)) as bytes
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = 'bitacora' and c.relkind = 'r' group by 1 having sum(pg_total_relation_size(c.oid)) > 1000000 order by 2 desc`,
        );
        return sizes.rows;
      });
      const perEvent = rows.map(({ part, bytes }) => ({ part, bytes: Number(bytes) / options.entries }));
      const value = perEvent.reduce((sum, { bytes }) => sum + bytes, 0);
      const plain = (await reference.bytes()) / options.entries;
      return {
        value,
        unit: 'B/event',
        reference: plain,
        ratio: value / plain,
        goal: '<= 450 B',
        holds: value <= 450,
        notes: [
          ...perEvent.map(({ part, bytes }) => `${part}: ${bytes.toFixed(0)} B`),
          'reference: the same events as rows of a plain table with a primary key and five B-trees, no commitments and no tree',
        ],
      };
    } finally {
      await reference.close();
      await server.dispose();
    }
  },
};
