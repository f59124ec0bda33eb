import { startLargeSet, timeInServer } from './support/large-set.ts';
import { percentile, type SpeedPromise } from './support/promise.ts';

const questions: Record<string, string> = {
  'facets of four fields': '/v1/facets?fields=action,outcome,level,module',
  'facets under a filter': '/v1/facets?fields=action,level,module&outcome=failure',
  'histogram per day by outcome': '/v1/histogram?interval=day&by=outcome',
  'histogram under a filter': '/v1/histogram?interval=day&module=module-3',
  'count, one filter': '/v1/events?limit=1&count=true&level=high',
  'count, two filters': '/v1/events?limit=1&count=true&level=high&outcome=failure',
};

/** S6: facets, histogram and counts. */
export const numbers: SpeedPromise = {
  id: 'S6',
  title: 'facets, histogram, counts',
  cost: 'the large data set, once',
  async measure(options) {
    const server = await startLargeSet(options);
    try {
      const notes: string[] = [];
      let slowest = 0;
      for (const [name, path] of Object.entries(questions)) {
        const times: number[] = [];
        for (let round = 0; round < 25; round++) times.push((await timeInServer(server, path)).ms);
        const warm = times.slice(5);
        slowest = Math.max(slowest, percentile(warm, 50));
        notes.push(
          `${name}: first ${times[0]?.toFixed(1)} ms, then p50 ${percentile(warm, 50).toFixed(2)}, p95 ${percentile(warm, 95).toFixed(2)}`,
        );
      }
      return {
        value: slowest,
        unit: 'ms',
        reference: null,
        ratio: null,
        goal: '<= 20 ms, 20 M entries (the slowest question, median)',
        holds: slowest <= 20 && options.entries >= 20_000_000,
        notes: [...notes, `${options.entries.toLocaleString('en')} entries`],
      };
    } finally {
      await server.dispose();
    }
  },
};
