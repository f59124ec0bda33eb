import type { BenchDatabase } from './database.ts';
import { keyOf } from './chunk.ts';
import type { Field, Filter } from './events.ts';
import { type Layout, facetFields, pageSize, segmentSize } from './layout.ts';
import { type PostingList, countBetween, eachRank, highest, intersect } from './posting-list.ts';
import type { ChunkSummary, PostingStore } from './posting-store.ts';
import { texts } from './texts.ts';

const facetValues: Partial<Record<Field, number>> = { action: 60, outcome: 5, module: 12 };

/** Entries of one TEXT block of candidate (c). */
export const textBlockSize = 32;

/** Returns the searches of candidate (c): the postings give the indexes, and SQL reads the entries of the page. */
export function postingLayout(database: BenchDatabase, store: PostingStore): Layout {
  const keysOf = (filters: readonly Filter[]): Buffer[] =>
    filters.map(({ field, value }) => keyOf(field, value));
  const columns = new Map<Field, Uint8Array[]>();
  const columnsOf = async (field: Field): Promise<Uint8Array[]> => {
    const made = columns.get(field) ?? (await valueColumns(store, field));
    columns.set(field, made);
    return made;
  };
  const all = store.chunks.map(({ chunk }) => chunk);
  return {
    name: 'c postings',
    newest: (filters) => newest(database, store, keysOf(filters)),
    count: async (filters) =>
      (await store.lists(all, keysOf(filters))).reduce((sum, lists) => sum + intersect(lists).count, 0),
    facets: async (filters) => {
      const perChunk = await store.lists(all, keysOf(filters));
      const hits = perChunk.map((lists) => intersect(lists));
      const counts = new Map<string, number>();
      for (const field of facetFields) {
        const totals = new Float64Array(facetValues[field] ?? 0);
        const columns = await columnsOf(field);
        hits.forEach((list, i) => countValues(list, columns[i] ?? new Uint8Array(0), totals));
        totals.forEach((count, value) => {
          if (count > 0) counts.set(`${field}:${texts[field](value)}`, count);
        });
      }
      return counts;
    },
    days: async (filters) => {
      const perChunk = await store.lists(all, keysOf(filters));
      const counts = new Map<number, number>();
      perChunk.forEach((lists, i) => {
        const summary = store.chunks[i];
        if (summary !== undefined) countDays(summary, intersect(lists), counts);
      });
      return counts;
    },
  };
}

/**
 * Returns the newest entries that have every key. Reads chunks newest first, two, four, eight … at once. Stops when no older
 * chunk can hold a newer entry: the hour of each rank is in memory, so the newest time of a chunk needs no reading.
 */
export async function newest(
  database: BenchDatabase,
  store: PostingStore,
  keys: readonly Buffer[],
): Promise<number[]> {
  const chunks = store.chunks.toSorted((a, b) => b.atMax - a.atMax);
  const candidates: { chunk: number; rank: number; hour: number }[] = [];
  const full = (atMax: number): boolean => {
    const hours = candidates.map(({ hour }) => hour).sort((a, b) => b - a);
    return (hours[pageSize - 1] ?? 0) * 3_600_000 > atMax;
  };
  for (
    let first = 0, batch = 2;
    first < chunks.length && !full(chunks[first]?.atMax ?? 0);
    first += batch, batch *= 2
  ) {
    const next = chunks.slice(first, first + batch);
    const numbers = next.map(({ chunk }) => chunk);
    const lists = await store.lists(numbers, keys);
    for (const [i, summary] of next.entries()) {
      if (full(summary.atMax)) break;
      for (const rank of highest(intersect(lists[i] ?? []), pageSize)) {
        candidates.push({ chunk: summary.chunk, rank, hour: hourOf(summary, rank) });
      }
    }
  }
  if (candidates.length === 0) return [];
  const newestFirst = candidates.toSorted((a, b) => b.hour - a.hour);
  const least = newestFirst[pageSize - 1]?.hour ?? 0;
  const wanted = newestFirst.filter(({ hour }) => hour >= least);
  const read = await readEntries(database, await store.indexes(wanted));
  return read
    .toSorted((a, b) => b.at - a.at || b.index - a.index)
    .slice(0, pageSize)
    .map(({ index }) => index);
}

function hourOf(summary: ChunkSummary, rank: number): number {
  let low = 0;
  let high = summary.hourRanks.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((summary.hourRanks[middle] ?? 0) <= rank) low = middle;
    else high = middle;
  }
  return summary.firstHour + low;
}

async function readEntries(
  database: BenchDatabase,
  indexes: readonly number[],
): Promise<{ index: number; at: number }[]> {
  const rows = await database.rows(
    'posting.read',
    `select i.index, extract(epoch from n.at) * 1000, n.id, split_part(b.entries, e'\\n', (i.index % ${textBlockSize})::int + 1) ` +
      `from unnest($1::bigint[], $2::int[]) i(index, segment) join slim n on n.segment = i.segment and n.ledger = 1 and n.index = i.index ` +
      `join text_block b on b.ledger = 1 and b.block = i.index / ${textBlockSize}`,
    [indexes, indexes.map((index) => Math.floor(index / segmentSize))],
  );
  return rows.map(([index, at]) => ({ index: Number(index), at: Number(at) }));
}

/** Returns per chunk the value of each rank, from the value lists of a field with few values. */
async function valueColumns(store: PostingStore, field: Field): Promise<Uint8Array[]> {
  const keys = Array.from({ length: facetValues[field] ?? 0 }, (_, value) => keyOf(field, value));
  const perChunk = await store.lists(
    store.chunks.map(({ chunk }) => chunk),
    keys,
  );
  return perChunk.map((lists) => {
    const column = new Uint8Array(store.chunkSize);
    lists.forEach((list, value) => eachRank(list, (rank) => (column[rank] = value)));
    return column;
  });
}

/** Adds up the values of the hits. Uses plain loops, because it runs once for each hit. */
function countValues(hits: PostingList, column: Uint8Array, totals: Float64Array): void {
  const counts = new Uint32Array(256);
  const { ranks, bits } = hits;
  if (ranks !== undefined) {
    for (let i = 0; i < ranks.length; i++) add(counts, column[ranks[i] ?? 0] ?? 0);
  }
  for (let i = 0; bits !== undefined && i < bits.length; i++) {
    for (let word = bits[i] ?? 0; word !== 0; word &= word - 1) {
      add(counts, column[i * 32 + 31 - Math.clz32(word & -word)] ?? 0);
    }
  }
  for (let value = 0; value < totals.length; value++)
    totals[value] = (totals[value] ?? 0) + (counts[value] ?? 0);
}

function add(counts: Uint32Array, value: number): void {
  counts[value] = (counts[value] ?? 0) + 1;
}

function countDays(summary: ChunkSummary, hits: PostingList, counts: Map<number, number>): void {
  const hours = summary.hourRanks.length - 1;
  for (let hour = 0; hour < hours;) {
    const day = Math.floor((summary.firstHour + hour) / 24);
    const nextDay = Math.min(hours, (day + 1) * 24 - summary.firstHour);
    const count = countBetween(hits, summary.hourRanks[hour] ?? 0, summary.hourRanks[nextDay] ?? 0);
    if (count > 0) counts.set(day, (counts.get(day) ?? 0) + count);
    hour = nextDay;
  }
}
