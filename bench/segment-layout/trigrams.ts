import type { BenchDatabase } from './database.ts';
import type { Events } from './events.ts';
import { measure, print, printSizes } from './measure.ts';
import { rareWords } from './rare-words.ts';

/** Measures the size and the speed of a trigram index on the descriptions of one segment. */
export async function measureTrigrams(database: BenchDatabase, events: Events): Promise<void> {
  await database.run('create extension pg_trgm');
  const began = performance.now();
  await database.run('create index on wide_0 using gin (description gin_trgm_ops)');
  print(
    'a wide row: trigram index of one segment built',
    `${((performance.now() - began) / 1000).toFixed(1)} s`,
  );
  await printSizes(database, 'wide_0', Math.min(events.count, 1_000_000));
  const words = rareWords(events).filter(({ index }) => index < 1_000_000);
  await measure('a wide row: S5 rare word, trigram, one segment', words, ({ text }) =>
    // The word is a literal, because a generic plan does not take into account that it is rare.
    database.rows(
      '',
      `select index from wide_0 where ledger = 1 and description ilike '%${text}%' order by at desc limit 50`,
      [],
    ),
  );
}
