import { largeReference, startLargeSet, timeInServer } from './support/large-set.ts';
import { percentile, type SpeedPromise } from './support/promise.ts';
import { seeded } from './segment-layout/seeded.ts';

const queries = 400;

/** S4: the newest 50 entries by one or two filters, also when nothing matches. */
export const newestEntries: SpeedPromise = {
  id: 'S4',
  title: 'newest 50 by one or two filters',
  cost: 'the large data set: about 1 GB and 3 minutes per million entries, once',
  async measure(options) {
    const server = await startLargeSet(options);
    const reference = await largeReference(server, options);
    try {
      const random = seeded(4);
      const times: Record<'one filter' | 'two filters', number[]> = { 'one filter': [], 'two filters': [] };
      const referenceTimes: number[] = [];
      // The first round warms the caches and the compiler; the second is measured.
      for (const measured of [false, true]) {
        for (let query = 0; query < queries; query++) {
          const two = query % 2 === 1;
          const first = anyFilter(random);
          const second = anyFilter(random);
          const filters = two && second.parameter !== first.parameter ? [first, second] : [first];
          const parameters = filters.map(({ parameter, value }) => `${parameter}=${value}`).join('&');
          const { ms } = await timeInServer(server, `/v1/events?limit=50&${parameters}`);
          const where = filters.map(({ column }, n) => `${column} = $${n + 1}`).join(' and ');
          const values = filters.map(({ column, value }) =>
            column === 'target' ? value.slice(value.indexOf('/') + 1) : value,
          );
          const sql = await reference.time(
            `select * from EVENTS where ${where} order by at desc limit 50`,
            values,
          );
          if (!measured) continue;
          times[two ? 'two filters' : 'one filter'].push(ms);
          referenceTimes.push(sql);
        }
      }
      const all = Object.values(times).flat();
      const value = percentile(all, 95);
      const referenceP95 = percentile(referenceTimes, 95);
      return {
        value,
        unit: 'ms',
        reference: referenceP95,
        ratio: value / referenceP95,
        goal: 'p95 <= 5 ms in the server, 20 M entries',
        holds: value <= 5 && options.entries >= 20_000_000,
        notes: Object.entries(times)
          .map(
            ([name, list]) =>
              `${name}: p50 ${percentile(list, 50).toFixed(2)} ms, p95 ${percentile(list, 95).toFixed(2)} ms`,
          )
          .concat(
            `reference: the same questions in SQL to a plain table with B-trees on (actor, at), (action, at), (target, at), (correlation, at): p50 ${percentile(referenceTimes, 50).toFixed(2)} ms`,
            `${options.entries.toLocaleString('en')} entries`,
          ),
      };
    } finally {
      await reference.close();
      await server.dispose();
    }
  },
};

interface Filter {
  parameter: string;
  column: string;
  value: string;
}

function anyFilter(random: ReturnType<typeof seeded>): Filter {
  const filters: [parameter: string, column: string, value: string][] = [
    ['actor', 'actor', `u${random.below(5_000)}`],
    ['target', 'target', `booking/b${random.below(200_000)}`],
    ['subject', 'subject', `c${random.below(20_000)}`],
    ['sessionId', 'session', `s${random.below(100_000)}`],
    ['module', 'module', `module-${random.below(14)}`],
    ['outcome', 'outcome', ['success', 'failure', 'pending'][random.below(3)] ?? ''],
    ['level', 'level', ['low', 'medium', 'high', 'critical'][random.below(4)] ?? ''],
    ['correlationId', 'correlation', `none-${random.below(1_000)}`],
  ];
  const [parameter = '', column = '', value = ''] = filters[random.below(filters.length)] ?? [];
  return { parameter, column, value };
}
