import { randomInt } from 'node:crypto';
import type { Ledger } from '../access/index.ts';
import { timeOf } from '../ledger/index.ts';
import { allTime, bucketMs, countEntries } from '../projections/index.ts';
import { keyOf } from '../query/index.ts';
import {
  countMatches,
  findPlaces,
  openLedgers,
  peekSizes,
  viewsAt,
  type ReadContext,
} from '../read/index.ts';
import type { Client } from '../storage/index.ts';
import type { Difference } from './difference.ts';

/** The counts that are compared: those of a quarter of an hour, or the count of a value over all time. */
export type CountSample =
  { kind: 'bucket'; bucket: number } | { kind: 'total'; field: string; value: string };

/** Buckets with more entries are left to the check of totals. */
const bucketEntriesMax = 20_000;

/** A bucket, or a value of a field, that has counts; undefined when nothing is counted yet. */
export async function countSample(client: Client, ledger: Ledger): Promise<CountSample | undefined> {
  const isBucket = randomInt(2) === 0;
  const result = await client.query<{ bucket: number; field: string; value: string }>({
    name: isBucket ? 'counted-bucket' : 'counted-value',
    text: isBucket
      ? `select (extract(epoch from bucket) * 1000)::bigint as bucket, field, value from rollup
         where ledger = $1 and field = '' and bucket > '-infinity' order by random() limit 1`
      : `select 0 as bucket, field, value from rollup
         where ledger = $1 and field <> '' and bucket = '-infinity' order by random() limit 1`,
    values: [ledger.id],
  });
  const [row] = result.rows;
  if (!row) return undefined;
  const { bucket, field, value } = row;
  return isBucket ? { kind: 'bucket', bucket } : { kind: 'total', field, value };
}

/** Counts again what a sample names, and compares the result with the counts. */
export async function checkCounts(
  ledger: Ledger,
  sample: CountSample,
  context: ReadContext,
): Promise<Difference[]> {
  const scope = { tenant: ledger.tenant, ledgers: [ledger.id] };
  const sizes = await peekSizes(context.database, scope.ledgers);
  return openLedgers([ledger], { scope, sizes, context }, async (client, opened) => {
    const counted = await countedUpTo(client, ledger);
    if (sample.kind === 'total') {
      const { field, value } = sample;
      const key = keyOf(field, value, context.ledgers.tenantKeys(ledger.tenant).searchToken);
      const { count, exact } = await countMatches(client, opened, { kind: 'keys', keys: [key] }, context);
      const stored = await storedTotal(client, ledger, sample);
      // Entries that are not counted yet would make a difference.
      if (!exact || !counted.isAll || count === stored) return [];
      return [
        {
          kind: 'counts',
          text: `the count of a value of ${field} is ${stored}, and ${count} entries have it`,
        },
      ];
    }
    const from = sample.bucket;
    const { places } = await findPlaces(client, opened, {
      condition: { kind: 'time', from, to: from + bucketMs },
      order: 'asc',
      limit: bucketEntriesMax + 1,
      after: undefined,
      context,
    });
    if (places.length > bucketEntriesMax) return [];
    const views = await viewsAt(
      client,
      places.filter(({ index }) => index < counted.end),
      context,
    );
    const expected = countEntries(
      views.map(({ event, open, ingestedAt }) => ({ at: timeOf(event.occurredAt, ingestedAt), open })),
    ).filter(({ bucket }) => bucket !== allTime);
    return compareBucket(expected, await storedCounts(client, ledger, from), from);
  });
}

type Counts = readonly { field: string; value: string; outcome: string; count: number }[];

function compareBucket(expected: Counts, stored: Counts, from: number): Difference[] {
  const nameOf = ({ field, value, outcome }: Counts[number]): string => `${field}\0${value}\0${outcome}`;
  const counts = new Map(stored.map((count) => [nameOf(count), count]));
  const differing = new Set<string>();
  for (const count of expected) {
    if (counts.get(nameOf(count))?.count !== count.count) differing.add(count.field);
    counts.delete(nameOf(count));
  }
  for (const { field } of counts.values()) differing.add(field);
  const at = new Date(from).toISOString();
  return [...differing].map((field) => ({
    kind: 'counts',
    text: `the counts ${field === '' ? 'of entries' : `of ${field}`} from ${at} on are not those of the entries`,
  }));
}

/** How many entries are counted, and whether these are all. */
async function countedUpTo(client: Client, ledger: Ledger): Promise<{ end: number; isAll: boolean }> {
  const result = await client.query<{ cursor: number; size: number }>({
    name: 'rollup-cursor-of',
    text: `select h.size, coalesce((select cursor from projection p where p.ledger = h.ledger and p.name = 'rollups'), 0) as cursor
     from head h where h.ledger = $1`,
    values: [ledger.id],
  });
  const [row] = result.rows;
  return { end: row?.cursor ?? 0, isAll: row !== undefined && row.cursor === row.size };
}

async function storedTotal(
  client: Client,
  ledger: Ledger,
  { field, value }: { field: string; value: string },
): Promise<number> {
  const result = await client.query<{ count: number }>({
    name: 'counted-total',
    text: `select coalesce(sum(count), 0)::bigint as count from rollup
     where ledger = $1 and field = $2 and bucket = '-infinity' and value = $3`,
    values: [ledger.id, field, value],
  });
  return result.rows[0]?.count ?? 0;
}

async function storedCounts(client: Client, ledger: Ledger, from: number): Promise<Counts> {
  const result = await client.query<Counts[number]>({
    name: 'counts-of-bucket',
    text: `select field, value, outcome, count from rollup where ledger = $1 and bucket = to_timestamp($2::float8 / 1000)
     and count > 0`,
    values: [ledger.id, from],
  });
  return result.rows;
}
