import type { BenchDatabase } from './database.ts';
import { keyOf } from './chunk.ts';
import type { Events } from './events.ts';
import { measure, measureNumbers, measureSearches, print, printSizes } from './measure.ts';
import { newest, postingLayout } from './posting-search.ts';
import { buildPostings } from './posting-store.ts';
import type { Questions } from './queries.ts';
import { rareWords } from './rare-words.ts';

/** Builds the postings in chunks of 2^bits entries and measures the figures that depend on this size. */
export async function measureChunkSize(
  database: BenchDatabase,
  events: Events,
  { bits, questions }: { bits: number; questions: Questions },
): Promise<void> {
  const { store, figures } = await buildPostings(database, events, {
    table: `posting_${bits}x`,
    chunkSize: 2 ** bits,
  });
  const perMillion = 1_000_000 / events.count;
  print(
    `c chunks of 2^${bits}: built in Node, copied`,
    `${(figures.buildSeconds * perMillion).toFixed(2)} s, ${(figures.copySeconds * perMillion).toFixed(2)} s a million`,
  );
  await printSizes(database, `posting_${bits}x`, events.count);
  print(
    '  lists by field, B/event',
    [...figures.bytesByField].map(([f, n]) => `${f} ${(n / events.count).toFixed(1)}`).join(', '),
  );
  await database.restart();
  if (bits === 18) await measureSearches(events, postingLayout(database, store), questions);
  const correlations = questions.oneFilter.filter((filters) => filters[0]?.field === 'correlation');
  const layout = postingLayout(database, store);
  await measure(`c chunks of 2^${bits}: correlation id, cache emptied each time`, correlations, (filters) => {
    store.forget();
    return layout.newest(filters);
  });
  await measure(
    `c chunks of 2^${bits}: newest 50 by two filters, cache emptied`,
    questions.twoFilters,
    (filters) => {
      store.forget();
      return layout.newest(filters);
    },
  );
  await measure(`c chunks of 2^${bits}: count by two filters, cache emptied`, questions.counts, (filters) => {
    store.forget();
    return layout.count(filters);
  });
  await measure(`c chunks of 2^${bits}: S5 rare word, cache emptied`, rareWords(events), ({ id }) => {
    store.forget();
    return newest(database, store, [keyOf('word', id)]);
  });
}

/** Measures the questions that the postings answer without reading entries. */
export async function measureCounts(
  database: BenchDatabase,
  events: Events,
  questions: Questions,
): Promise<void> {
  const { store, figures } = await buildPostings(database, events, {
    table: 'posting_only',
    chunkSize: 2 ** 18,
  });
  const perMillion = 1_000_000 / events.count;
  print('c postings alone: built in Node, a million', `${(figures.buildSeconds * perMillion).toFixed(2)} s`);
  await printSizes(database, 'posting_only', events.count);
  await database.restart();
  const layout = postingLayout(database, store);
  await measureNumbers(events, layout, questions);
  await measure('c postings alone: two filters, zero results', questions.zeroResults, layout.newest);
  const chunks = store.chunks.map(({ chunk }) => chunk);
  await measure('c postings alone: rare word in every chunk, cache emptied', rareWords(events), ({ id }) => {
    store.forget();
    return store.lists(chunks, [keyOf('word', id)]);
  });
  const correlations = questions.oneFilter.flat().filter(({ field }) => field === 'correlation');
  await measure(
    'c postings alone: correlation id in every chunk, cache emptied',
    correlations,
    ({ field, value }) => {
      store.forget();
      return store.lists(chunks, [keyOf(field, value)]);
    },
  );
  await measure('c postings alone: count by two filters, cache emptied', questions.counts, (filters) => {
    store.forget();
    return layout.count(filters);
  });
}
