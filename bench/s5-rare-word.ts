import { startLargeSet, timeInServer } from './support/large-set.ts';
import { percentile, type SpeedPromise } from './support/promise.ts';

/** S5: a word that few entries hold. */
export const rareWord: SpeedPromise = {
  id: 'S5',
  title: 'free text, a rare word',
  cost: 'the large data set, once',
  async measure(options) {
    const server = await startLargeSet(options);
    try {
      const times: number[] = [];
      for (let word = 0; word < 60; word++) {
        // The last words of the vocabulary's Zipf distribution.
        const { ms } = await timeInServer(server, `/v1/events?limit=50&q=w${(29_999 - word).toString(36)}`);
        times.push(ms);
      }
      const value = percentile(times, 95);
      return {
        value,
        unit: 'ms',
        reference: null,
        ratio: null,
        goal: '<= 100 ms, 20 M entries (a trigram index took 377 ms)',
        holds: value <= 100 && options.entries >= 20_000_000,
        notes: [
          `nothing cached: p50 ${percentile(times, 50).toFixed(2)} ms, p95 ${value.toFixed(2)} ms`,
          `${options.entries.toLocaleString('en')} entries`,
        ],
      };
    } finally {
      await server.dispose();
    }
  },
};
