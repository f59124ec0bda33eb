import { LRUCache } from 'lru-cache';
import type { Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { Ledgers } from '../ledger/index.ts';
import { allTime, bucketMs } from '../projections/index.ts';
import { countBetween, intersect, rankOfTime, type RankSet, type Ranks, type Span } from '../query/index.ts';
import type { Client } from '../storage/index.ts';
import { timeBounds, type Condition } from '../query/index.ts';
import type { EntryFilters } from '../query/index.ts';
import { exactHits } from './exact-hits.ts';
import { filterField } from '../query/index.ts';
import { grantedCondition } from './granted-condition.ts';
import { readLedgers, type OpenLedger, type ReadContext } from './reader.ts';
import { rollupTail } from './rollup-tail.ts';
import { offsetAt, startOfDay } from '../query/index.ts';

const textWithinMs = 2_000;

export type Interval = 'hour' | 'day';

export interface HistogramInput extends EntryFilters {
  ledger?: string | undefined;
  interval: Interval;
  /** A field to split each bucket by, such as outcome. */
  by?: string | undefined;
  /** Values that `by` may have; 100 unless more are wanted. */
  valuesMax?: number | undefined;
}

export interface Bucket {
  /** Start of the hour or day in the organisation's zone, as UTC time. */
  from: string;
  count: number;
  by?: Record<string, number>;
}

/** Buckets without entries are left out; the oldest bucket is first. */
export interface HistogramAnswer {
  buckets: Bucket[];
  /**
   * False when comparing phrases with texts was stopped after two seconds: then there are at least as many entries as
   * counted.
   */
  exact: boolean;
}

/** Counts per hour or day of the organisation's zone. @throws invalid_parameter, invalid_query, not_found */
export async function histogram(
  grant: Grant,
  input: HistogramInput,
  context: ReadContext,
): Promise<HistogramAnswer> {
  const condition = grantedCondition(grant, input, context);
  const by = input.by === undefined ? undefined : splitField(input.by);
  const startOf = bucketStarts(input.interval, context.zone);
  return readLedgers(grant, input.ledger, context, async (client, opened) => {
    const valuesMax = input.valuesMax ?? splitValuesMax;
    const plan = { condition, by, valuesMax, startOf, ledgers: context.ledgers };
    const counts = await fromRollups(client, opened, plan);
    if (counts) return { buckets: bucketsOf(counts, by !== undefined), exact: true };
    const scanned = await fromSpans(client, opened, { ...plan, context });
    return { buckets: bucketsOf(scanned.counts, by !== undefined), exact: scanned.exact };
  });
}

const hourMs = 3_600_000;
/** A chart with more lines cannot be read, and each value costs a walk over all buckets. */
const splitValuesMax = 100;

function splitField(name: string): string {
  const field = filterField(name)?.scanned;
  if (field !== undefined) return field;
  throw new AuditError('invalid_parameter', {
    parameter: 'by',
    detail: `${name} cannot split a histogram: outcome, level, operation … can`,
  });
}

/** bucket start → value → count; the value is '' for all. */
type Counts = Map<number, Map<string, number>>;

interface HistogramPlan {
  condition: Condition;
  by: string | undefined;
  valuesMax: number;
  startOf: (at: number) => number;
  ledgers: Ledgers;
}

/**
 * Rollups count entries in buckets of 15 minutes, which add up to the hours and days of every zone. They answer questions
 * that have no filter except time; undefined for other questions.
 */
async function fromRollups(
  client: Client,
  opened: readonly OpenLedger[],
  plan: HistogramPlan,
): Promise<Counts | undefined> {
  const { condition, by, startOf, ledgers } = plan;
  if ((condition.kind !== 'all' && condition.kind !== 'time') || (by !== undefined && by !== 'outcome'))
    return undefined;
  const { from, to } = timeBounds(condition);
  if ([from, to].some((edge) => Number.isFinite(edge) && edge % bucketMs !== 0)) return undefined;
  const tail = await rollupTail(client, opened, ledgers);
  if (!tail) return undefined;
  const stored = await client.query<{ bucket: number; outcome: string; count: number }>({
    name: 'rollup-buckets',
    text: `select (extract(epoch from bucket) * 1000)::bigint as bucket, outcome, sum(count)::bigint as count from rollup
     where ledger = any($1::integer[]) and field = '' and bucket > $2::timestamptz and bucket >= to_timestamp($3::float8 / 1000)
       and bucket < to_timestamp($4::float8 / 1000) group by 1, 2`,
    values: [opened.map(({ ledger }) => ledger.id), allTime, from, to],
  });
  const counts: Counts = new Map();
  for (const row of stored.rows) add(counts, startOf(row.bucket), by ? row.outcome : '', row.count);
  for (const row of tail) {
    const bucket = row.field === '' && row.bucket !== allTime ? Date.parse(row.bucket) : NaN;
    if (bucket >= from && bucket < to) add(counts, startOf(bucket), by ? row.outcome : '', row.count);
  }
  return counts;
}

async function fromSpans(
  client: Client,
  opened: readonly OpenLedger[],
  plan: HistogramPlan & { context: ReadContext },
): Promise<{ counts: Counts; exact: boolean }> {
  const { condition, context } = plan;
  const until = performance.now() + textWithinMs;
  const counts: Counts = new Map();
  let allExact = true;
  for await (const { hits, exact } of exactHits(client, opened, { condition, context, until })) {
    allExact &&= exact;
    for (const { span, set } of hits) {
      if (countBetween(set, 0, span.count) === 0) continue;
      const ranks = await span.ranks();
      for (const [value, part] of await partsOf(span, set, plan))
        addRanges(counts, { ranks, set: part, value, startOf: plan.startOf });
    }
  }
  return { counts, exact: allExact };
}

async function partsOf(
  span: Span,
  set: RankSet,
  { by, valuesMax }: HistogramPlan,
): Promise<[string, RankSet][]> {
  if (by === undefined) return [['', set]];
  // Values without a matching entry are left out: the caller may not be allowed to see them.
  const values: [string, RankSet][] = [];
  for (const { value, set: entriesOf } of await span.scan(by, () => true)) {
    const part = intersect(set, entriesOf());
    if (countBetween(part, 0, span.count) > 0) values.push([value, part]);
    if (values.length > valuesMax) break;
  }
  if (values.length > valuesMax) {
    throw new AuditError('invalid_parameter', {
      parameter: 'by',
      detail: `${by} has more than ${valuesMax} values: use facets`,
    });
  }
  return values;
}

/** Ranks are in order of time, so a bucket is a range of ranks. */
function addRanges(
  counts: Counts,
  part: { ranks: Ranks; set: RankSet; value: string; startOf: (at: number) => number },
): void {
  const { ranks, set, value, startOf } = part;
  let rank = 0;
  while (rank < ranks.ats.length) {
    const start = startOf(ranks.ats[rank] ?? 0);
    const next = nextBucket(ranks, rank, start, startOf);
    const count = countBetween(set, rank, next);
    if (count > 0) add(counts, start, value, count);
    rank = next;
  }
}

/**
 * The first rank after the bucket. The end of the bucket is found hour by hour, since days of local time have 23 to 25
 * hours.
 */
function nextBucket(ranks: Ranks, rank: number, start: number, startOf: (at: number) => number): number {
  let hours = 1;
  while (startOf(start + hours * 3_600_000) === start) hours++;
  return Math.max(rank + 1, rankOfTime(ranks, startOf(start + hours * 3_600_000)));
}

/** Each is the start of a quarter of an hour; a year has 35,040. */
const startsCachedMax = 100_000;

/** The start of the hour or day of a zone that a moment lies in. */
export function bucketStarts(interval: Interval, zone: string): (at: number) => number {
  const starts = new LRUCache<number, number>({ maxSize: startsCachedMax, sizeCalculation: () => 1 });
  const exact = (at: number): number => {
    const offset = offsetAt(at, zone);
    if (interval === 'hour') return Math.floor((at + offset) / hourMs) * hourMs - offset;
    const local = new Date(at + offset);
    return startOfDay(
      { year: local.getUTCFullYear(), month: local.getUTCMonth() + 1, day: local.getUTCDate() },
      zone,
    );
  };
  return (at) => {
    const quarter = Math.floor(at / bucketMs);
    const cached = starts.get(quarter);
    if (cached !== undefined) return cached;
    const start = exact(quarter * bucketMs);
    starts.set(quarter, start);
    return start;
  };
}

function add(counts: Counts, start: number, value: string, count: number): void {
  const bucket = counts.get(start) ?? new Map<string, number>();
  bucket.set(value, (bucket.get(value) ?? 0) + count);
  counts.set(start, bucket);
}

function bucketsOf(counts: Counts, split: boolean): Bucket[] {
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([start, values]) => {
      const count = [...values.values()].reduce((sum, value) => sum + value, 0);
      const bucket: Bucket = { from: new Date(start).toISOString(), count };
      if (split) bucket.by = Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1)));
      return bucket;
    });
}
