import type { BenchDatabase } from './database.ts';
import { type Chunk, buildChunk, decodeOrder, findInPage, keyOf, orderPageSize } from './chunk.ts';
import type { Events } from './events.ts';
import { type PostingList, decodeList } from './posting-list.ts';

/** The part of a chunk that is kept in memory. */
export interface ChunkSummary {
  readonly chunk: number;
  readonly count: number;
  readonly atMax: number;
  readonly firstHour: number;
  readonly hourRanks: Uint32Array;
}

/** The posting table of one chunk size, with a cache of decoded lists. */
export interface PostingStore {
  readonly chunks: readonly ChunkSummary[];
  readonly chunkSize: number;
  /** Returns for each chunk, in order, the lists of the keys, in order. A value that a chunk does not have is an empty list. */
  lists(chunks: readonly number[], keys: readonly Buffer[]): Promise<PostingList[][]>;
  /** Returns the ledger index of each (chunk, rank). */
  indexes(found: readonly { chunk: number; rank: number }[]): Promise<number[]>;
  /** Empties the cache of decoded lists. */
  forget(): void;
}

/** The time and the bytes that building the postings took. */
export interface BuildFigures {
  readonly buildSeconds: number;
  readonly copySeconds: number;
  readonly bytesByField: ReadonlyMap<string, number>;
}

const none: PostingList = { count: 0, ranks: new Uint32Array(0) };

/** Builds and stores the postings of all events in chunks of `chunkSize`. */
export async function buildPostings(
  database: BenchDatabase,
  events: Events,
  { table, chunkSize }: { table: string; chunkSize: number },
): Promise<{ store: PostingStore; figures: BuildFigures }> {
  await database.run(
    `create table ${table} (ledger int not null, chunk int not null, first_key bytea not null, page bytea storage external not null, primary key (ledger, chunk, first_key))`,
  );
  const summaries: ChunkSummary[] = [];
  const bytesByField = new Map<string, number>();
  let buildSeconds = 0;
  let copySeconds = 0;
  for (let chunk = 0; chunk * chunkSize < events.count; chunk++) {
    const from = chunk * chunkSize;
    const to = Math.min(events.count, from + chunkSize);
    const began = performance.now();
    const built = buildChunk(events, { from, to, chunkSize });
    buildSeconds += (performance.now() - began) / 1000;
    copySeconds += await storeChunk(database, table, chunk, built);
    summaries.push({
      chunk,
      count: to - from,
      atMax: built.atMax,
      firstHour: built.firstHour,
      hourRanks: built.hourRanks,
    });
    for (const [field, size] of built.bytes) bytesByField.set(field, (bytesByField.get(field) ?? 0) + size);
  }
  await database.run(`vacuum (analyze) ${table}`);
  return {
    store: createPostingStore(database, { table, chunkSize, chunks: summaries }),
    figures: { buildSeconds, copySeconds, bytesByField },
  };
}

function storeChunk(database: BenchDatabase, table: string, chunk: number, built: Chunk): Promise<number> {
  const rows = built.pages.map(({ firstKey, page }) =>
    Buffer.from(`1\t${chunk}\t\\\\x${firstKey.toString('hex')}\t\\\\x${page.toString('hex')}\n`),
  );
  return database.copy(table, [Buffer.concat(rows)]);
}

function createPostingStore(
  database: BenchDatabase,
  { table, chunkSize, chunks }: { table: string; chunkSize: number; chunks: ChunkSummary[] },
): PostingStore {
  const cache = new Map<string, PostingList>();
  const orders = new Map<string, Uint32Array>();
  // One round trip for all (chunk, key). The page that may hold a key is the last page that begins at or before it.
  const fetchPages = (wanted: readonly { chunk: number; key: Buffer }[]): Promise<unknown[][]> =>
    database.rows(
      `${table}.fetch`,
      `select w.nth, p.page from unnest($1::int[], $2::bytea[]) with ordinality as w(chunk, key, nth) cross join lateral ` +
        `(select page from ${table} where ledger = 1 and chunk = w.chunk and first_key <= w.key order by first_key desc limit 1) p`,
      [wanted.map(({ chunk }) => chunk), wanted.map(({ key }) => key)],
    );
  return {
    chunks,
    chunkSize,
    lists: async (wantedChunks, keys) => {
      const name = (chunk: number, key: Buffer): string => `${chunk}:${key.toString('latin1')}`;
      const missing = wantedChunks.flatMap((chunk) =>
        keys.filter((key) => !cache.has(name(chunk, key))).map((key) => ({ chunk, key })),
      );
      for (const { chunk, key } of missing) cache.set(name(chunk, key), none);
      for (const [nth, page] of missing.length === 0 ? [] : await fetchPages(missing)) {
        const wanted = missing[Number(nth) - 1];
        if (wanted === undefined || !Buffer.isBuffer(page)) continue;
        const found = findInPage(page, wanted.key);
        if (found !== undefined)
          cache.set(
            name(wanted.chunk, wanted.key),
            decodeList(found.bytes, { count: found.count, chunkSize }),
          );
      }
      return wantedChunks.map((chunk) => keys.map((key) => cache.get(name(chunk, key)) ?? none));
    },
    indexes: async (found) => {
      const pageOf = (rank: number): number => Math.floor(rank / orderPageSize);
      const missing = new Map<string, { chunk: number; page: number; key: Buffer }>();
      for (const { chunk, rank } of found) {
        const name = `${chunk}:${pageOf(rank)}`;
        if (!orders.has(name))
          missing.set(name, { chunk, page: pageOf(rank), key: keyOf('order', pageOf(rank)) });
      }
      const wanted = [...missing.values()];
      for (const [nth, bytes] of wanted.length === 0 ? [] : await fetchPages(wanted)) {
        const asked = wanted[Number(nth) - 1];
        if (asked === undefined || !Buffer.isBuffer(bytes)) continue;
        const order = findInPage(bytes, asked.key);
        if (order !== undefined)
          orders.set(`${asked.chunk}:${asked.page}`, decodeOrder(order.bytes, asked.page * orderPageSize));
      }
      return found.map(
        ({ chunk, rank }) =>
          chunk * chunkSize + (orders.get(`${chunk}:${pageOf(rank)}`)?.[rank % orderPageSize] ?? 0),
      );
    },
    forget: () => {
      cache.clear();
      orders.clear();
    },
  };
}
