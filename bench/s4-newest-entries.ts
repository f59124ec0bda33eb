import { startLargeSet, timeInServer } from './support/large-set.ts';
import { percentile, type SpeedPromise } from './support/promise.ts';
import { seeded } from './segment-layout/seeded.ts';

const queries = 400;

/** S4: newest 50 by any one or two filters, zero results included. */
export const newestEntries: SpeedPromise = {
  id: 'S4',
  title: 'newest 50 by one or two filters',
  cost: 'the large data set: about 1 GB and 3 minutes per million entries, once',
  async measure(options) {
    const server = await startLargeSet(options);
    try {
      const random = seeded(4);
      const one = (): string => {
        const pick = random.below(8);
        if (pick === 0) return `actor=u${random.below(5_000)}`;
        if (pick === 1) return `target=booking/b${random.below(200_000)}`;
        if (pick === 2) return `subject=c${random.below(20_000)}`;
        if (pick === 3) return `sessionId=s${random.below(100_000)}`;
        if (pick === 4) return `module=module-${random.below(14)}`;
        if (pick === 5) return `outcome=${['success', 'failure', 'pending'][random.below(3)]}`;
        if (pick === 6) return `level=${['low', 'medium', 'high', 'critical'][random.below(4)]}`;
        return `correlationId=none-${random.below(1_000)}`;
      };
      const times: Record<'one filter' | 'two filters', number[]> = { 'one filter': [], 'two filters': [] };
      // Once to warm caches and compiler; the second round is measured.
      for (const measured of [false, true]) {
        for (let query = 0; query < queries; query++) {
          const two = query % 2 === 1;
          const [first, second] = [one(), one()];
          const filters = two && second.split('=')[0] !== first.split('=')[0] ? `${first}&${second}` : first;
          const { ms } = await timeInServer(server, `/v1/events?limit=50&${filters}`);
          if (measured) times[two ? 'two filters' : 'one filter'].push(ms);
        }
      }
      const all = Object.values(times).flat();
      const value = percentile(all, 95);
      return {
        value,
        unit: 'ms',
        reference: null,
        ratio: null,
        goal: 'p95 <= 5 ms in the server, 20 M entries',
        holds: value <= 5 && options.entries >= 20_000_000,
        notes: Object.entries(times)
          .map(
            ([name, list]) =>
              `${name}: p50 ${percentile(list, 50).toFixed(2)} ms, p95 ${percentile(list, 95).toFixed(2)} ms`,
          )
          .concat(`${options.entries.toLocaleString('en')} entries`),
      };
    } finally {
      await server.dispose();
    }
  },
};
