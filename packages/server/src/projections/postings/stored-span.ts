import type { Client } from '../../storage/index.ts';
import type { FieldValue } from '../../query/index.ts';
import { columnOf, countColumn, countValues, type FieldColumn } from './field-column.ts';
import { findInPage, readPage } from './posting-page.ts';
import { countOf, emptySet, type RankSet } from '../../query/index.ts';
import { selectRanks, type SpanRow } from './span-rows.ts';
import type { Ranks, Span } from '../../query/index.ts';
import { fieldBounds, valueOfKey } from '../../query/index.ts';

/** Decoded sets and ranks, limited by their size in bytes; the value that was used longest ago is removed first. */
export interface SpanCache {
  get<T>(key: string): T | undefined;
  set(key: string, value: unknown, bytes: number): void;
}

export function createSpanCache(bytesMax: number): SpanCache {
  const kept = new Map<string, { value: unknown; bytes: number }>();
  let total = 0;
  return {
    get<T>(key: string): T | undefined {
      const cached = kept.get(key);
      if (!cached) return undefined;
      kept.delete(key);
      kept.set(key, cached);
      return cached.value as T;
    },
    set(key, value, bytes) {
      // Two readers that missed it at the same time both load it.
      total += bytes - (kept.get(key)?.bytes ?? 0);
      kept.set(key, { value, bytes });
      for (const [oldest, entry] of kept) {
        if (total <= bytesMax) break;
        kept.delete(oldest);
        total -= entry.bytes;
      }
    },
  };
}

/** A complete span, read in the caller's transaction. */
export interface StoredSpan extends Span {
  readonly row: SpanRow;
}

export function storedSpan(
  client: Client,
  options: { ledger: number; row: SpanRow; cache: SpanCache },
): StoredSpan {
  const { ledger, row, cache } = options;
  const name = `${ledger}/${row.level}/${row.number}`;
  return {
    row,
    count: row.count,
    firstIndex: row.firstIndex,
    leastAt: row.leastAt,
    greatestAt: row.greatestAt,
    lookup: async (keys) => (await lookupSpans(client, { ledger, rows: [row], keys, cache }))[0] ?? [],
    async scan(field, test) {
      const pages = await fieldPages(client, { ledger, row, field, cache });
      return pages.filter(({ value }) => test(value));
    },
    counts: (field, set) => countsOf(client, set, { ledger, row, field, cache }),
    async ranks() {
      const cached = cache.get<Ranks>(`ranks ${name}`);
      if (cached) return cached;
      const ranks = await selectRanks(client, { ledger, level: row.level, number: row.number });
      cache.set(`ranks ${name}`, ranks, ranks.ats.byteLength + ranks.offsets.byteLength);
      return ranks;
    },
  };
}

/**
 * The sets of keys in many spans with one statement. A key is on the last page that starts at or below it. The answer has
 * a list for each row, in the order of `rows`, and in it a set for each key, in the order of `keys`.
 */
export async function lookupSpans(
  client: Client,
  options: { ledger: number; rows: readonly SpanRow[]; keys: readonly string[]; cache: SpanCache },
): Promise<RankSet[][]> {
  const { ledger, rows, keys, cache } = options;
  const cacheKey = (row: SpanRow, key: string): string => `set ${ledger}/${row.level}/${row.number} ${key}`;
  const sets = new Map<string, RankSet>();
  const missing: { row: SpanRow; key: string }[] = [];
  for (const row of rows) {
    for (const key of keys) {
      const cached = cache.get<RankSet>(cacheKey(row, key));
      if (cached) sets.set(cacheKey(row, key), cached);
      else missing.push({ row, key });
    }
  }
  if (missing.length > 0) {
    const encoded = missing.map(({ key }) => Buffer.from(key));
    const result = await client.query<{ position: number; page: Buffer }>({
      name: 'posting-pages',
      text: `select (w.position - 1)::integer as position, p.page
       from unnest($2::integer[], $3::bigint[], $4::bytea[]) with ordinality as w(level, number, key, position)
       cross join lateral (select page from posting where ledger = $1 and level = w.level and number = w.number
         and first_key <= w.key order by first_key desc limit 1) p`,
      values: [ledger, missing.map(({ row }) => row.level), missing.map(({ row }) => row.number), encoded],
    });
    const pages = new Map(result.rows.map((page) => [page.position, page.page]));
    missing.forEach(({ row, key }, position) => {
      const set = findInPage(
        pages.get(position) ?? Buffer.alloc(0),
        encoded[position] ?? Buffer.alloc(0),
        row.count,
      );
      sets.set(cacheKey(row, key), set);
      cache.set(cacheKey(row, key), set, bytesOf(set));
    });
  }
  return rows.map((row) => keys.map((key) => sets.get(cacheKey(row, key)) ?? emptySet(row.count)));
}

/** `column` is undefined for a field that has several values in an entry. */
interface CachedColumn {
  column: FieldColumn | undefined;
}

async function countsOf(
  client: Client,
  set: RankSet,
  options: { ledger: number; row: SpanRow; field: string; cache: SpanCache },
): Promise<Map<string, number>> {
  const { ledger, row, field, cache } = options;
  const name = `column ${ledger}/${row.level}/${row.number} ${field}`;
  const values = await fieldPages(client, options);
  if (countOf(set) === row.count) return countValues(values, set, row.count);
  let cached = cache.get<CachedColumn>(name);
  if (!cached) {
    cached = { column: columnOf(values, row.count) };
    cache.set(name, cached, 100 + (cached.column?.ordinals.byteLength ?? 0));
  }
  return cached.column ? countColumn(cached.column, set) : countValues(values, set, row.count);
}

async function fieldPages(
  client: Client,
  options: { ledger: number; row: SpanRow; field: string; cache: SpanCache },
): Promise<FieldValue[]> {
  const { ledger, row, field, cache } = options;
  const name = `field ${ledger}/${row.level}/${row.number} ${field}`;
  const cached = cache.get<FieldValue[]>(name);
  if (cached) return cached;
  const { start, end } = fieldBounds(field);
  const pages = await client.query<{ page: Buffer }>({
    name: 'field-pages',
    text: `select page from posting where ledger = $1 and level = $2 and number = $3 and first_key < $5
       and first_key >= coalesce((select first_key from posting
         where ledger = $1 and level = $2 and number = $3 and first_key <= $4 order by first_key desc limit 1), $4)
     order by first_key`,
    values: [ledger, row.level, row.number, start, end],
  });
  const values: FieldValue[] = [];
  let bytes = 0;
  for (const { page } of pages.rows) {
    bytes += page.length * 3;
    for (const posting of readPage(page, row.count)) {
      if (posting.key.compare(start) >= 0 && posting.key.compare(end) < 0) {
        values.push({ value: valueOfKey(posting.key), count: posting.count, set: posting.set });
      }
    }
  }
  cache.set(name, values, bytes);
  return values;
}

function bytesOf(set: RankSet): number {
  return 100 + (set.kind === 'list' ? countOf(set) * 4 : set.words.byteLength);
}
