import type { Client } from '../../storage/index.ts';
import type { PostingPage } from './posting-page.ts';
import type { Ranks } from '../../query/index.ts';

export interface SpanRow {
  level: number;
  number: number;
  firstIndex: number;
  count: number;
  leastAt: number;
  greatestAt: number;
}

const pagesPerInsert = 500;

/** Stores a complete span, or does nothing when another writer has stored it. */
export async function insertSpan(
  client: Client,
  span: {
    ledger: number;
    level: number;
    number: number;
    firstIndex: number;
    ranks: Ranks;
    pages: readonly PostingPage[];
  },
): Promise<void> {
  const { ranks } = span;
  const inserted = await client.query(
    `insert into span (ledger, level, number, first_index, count, least_at, greatest_at, ranks)
     values ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000), to_timestamp($7::float8 / 1000), $8) on conflict do nothing`,
    [
      span.ledger,
      span.level,
      span.number,
      span.firstIndex,
      ranks.ats.length,
      ranks.ats[0],
      ranks.ats.at(-1),
      encodeRanks(ranks),
    ],
  );
  if (inserted.rowCount === 0) return;
  for (let start = 0; start < span.pages.length; start += pagesPerInsert) {
    const pages = span.pages.slice(start, start + pagesPerInsert);
    await client.query({
      name: 'insert-postings',
      text: `insert into posting (ledger, level, number, first_key, page)
       select $1, $2, $3, k, p from unnest($4::bytea[], $5::bytea[]) as n(k, p)`,
      values: [
        span.ledger,
        span.level,
        span.number,
        pages.map((page) => page.firstKey),
        pages.map((page) => page.bytes),
      ],
    });
  }
}

/** The stored spans of a ledger that have entries which were not purged, and the index of the first of these entries. */
export async function selectSpans(
  client: Client,
  ledger: number,
): Promise<{ minimum: number; rows: SpanRow[] }> {
  const result = await client.query<SpanRow & { minimum: number }>({
    name: 'spans',
    text: `select h.minimum, s.level, s.number, s.first_index as "firstIndex", s.count, s.least_at as "leastAt",
       s.greatest_at as "greatestAt"
     from head h left join span s on s.ledger = h.ledger and s.first_index + s.count > h.minimum
     where h.ledger = $1 order by s.first_index, s.level desc`,
    values: [ledger],
  });
  const rows: (SpanRow | Record<keyof SpanRow, null>)[] = result.rows;
  return {
    minimum: result.rows[0]?.minimum ?? 0,
    rows: rows.filter((row): row is SpanRow => row.level !== null),
  };
}

export async function selectRanks(
  client: Client,
  span: { ledger: number; level: number; number: number },
): Promise<Ranks> {
  const result = await client.query<{ ranks: Buffer }>({
    name: 'ranks',
    text: 'select ranks from span where ledger = $1 and level = $2 and number = $3',
    values: [span.ledger, span.level, span.number],
  });
  return decodeRanks(result.rows[0]?.ranks ?? Buffer.alloc(0));
}

/** Times as float64 or, within 49 days, as uint32 after the first; then offsets as uint32. Little endian. */
function encodeRanks({ ats, offsets }: Ranks): Buffer {
  const least = ats[0] ?? 0;
  const short = (ats.at(-1) ?? 0) - least <= 0xffff_ffff && ats.every(Number.isInteger);
  const times = short ? new Uint32Array(ats.length) : ats;
  if (short) ats.forEach((at, rank) => (times[rank] = at - least));
  const head = Buffer.alloc(16);
  head.writeUInt32LE(short ? 4 : 8, 0);
  head.writeUInt32LE(ats.length, 4);
  head.writeDoubleLE(least, 8);
  return Buffer.concat([head, bytesOf(times), bytesOf(offsets)]);
}

function decodeRanks(buffer: Buffer): Ranks {
  const width = buffer.readUInt32LE(0);
  const count = buffer.readUInt32LE(4);
  const least = buffer.readDoubleLE(8);
  // The bytes are copied, because typed arrays need aligned memory.
  const bytes = Uint8Array.from(buffer.subarray(16)).buffer;
  const times = width === 4 ? new Uint32Array(bytes, 0, count) : new Float64Array(bytes, 0, count);
  return {
    ats: width === 4 ? Float64Array.from(times, (time) => time + least) : Float64Array.from(times),
    offsets: new Uint32Array(bytes, width * count, count),
  };
}

function bytesOf(array: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
