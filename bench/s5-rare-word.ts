import { largeReference, startLargeSet, timeInServer } from './support/large-set.ts';
import { percentile, type SpeedPromise } from './support/promise.ts';

/** S5: a search for a word that few entries have. */
export const rareWord: SpeedPromise = {
  id: 'S5',
  title: 'free text, a rare word',
  cost: 'the large data set, once',
  async measure(options) {
    const server = await startLargeSet(options);
    const reference = await largeReference(server, options);
    try {
      await reference.withTrigrams();
      const times: number[] = [];
      const referenceTimes: number[] = [];
      for (let word = 0; word < 60; word++) {
        // The last words of the vocabulary's Zipf distribution.
        const text = `w${(29_999 - word).toString(36)}`;
        times.push((await timeInServer(server, `/v1/events?limit=50&q=${text}`)).ms);
        const statement = 'select * from EVENTS where description ilike $1 order by at desc limit 50';
        referenceTimes.push(await reference.time(statement, [`%${text}%`]));
      }
      const value = percentile(times, 95);
      const referenceP95 = percentile(referenceTimes, 95);
      return {
        value,
        unit: 'ms',
        reference: referenceP95,
        ratio: value / referenceP95,
        goal: '<= 100 ms, 20 M entries',
        holds: value <= 100 && options.entries >= 20_000_000,
        notes: [
          `nothing cached: p50 ${percentile(times, 50).toFixed(2)} ms, p95 ${value.toFixed(2)} ms`,
          `reference: ilike on a plain table with a trigram index: p50 ${percentile(referenceTimes, 50).toFixed(2)} ms`,
          `${options.entries.toLocaleString('en')} entries`,
        ],
      };
    } finally {
      await reference.close();
      await server.dispose();
    }
  },
};
