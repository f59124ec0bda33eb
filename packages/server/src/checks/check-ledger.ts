import { randomInt } from 'node:crypto';
import type { Ledger } from '../access/index.ts';
import type { ReadContext } from '../read/index.ts';
import { checkCounts, countSample, type CountSample } from './check-counts.ts';
import { checkEntries } from './check-entries.ts';
import { checkPostings } from './check-postings.ts';
import type { Difference } from './difference.ts';

export type { Difference } from './difference.ts';

/** What one check of a ledger looked at, and what differs. */
export interface CheckReport {
  /** Indexes `[first, end)` of the entries that were compared. */
  first: number;
  end: number;
  differences: Difference[];
}

/** Two reads of 256 entries cost some 10 ms. */
const entriesMax = 256;

/**
 * Compares a random part of a ledger with everything that was made from it. What differs is looked at a second time in a new
 * transaction, and counts only when it still differs: a purge or a rebuild may have come in between.
 */
export async function checkLedger(ledger: Ledger, context: ReadContext): Promise<CheckReport> {
  const sample = await chooseSample(ledger, context);
  const seen = await checkSample(ledger, sample, context);
  const differences = seen.length === 0 ? seen : await checkSample(ledger, sample, context);
  return { ...sample.range, differences };
}

interface Sample {
  range: { first: number; end: number };
  counts: CountSample | undefined;
}

async function chooseSample(ledger: Ledger, { database }: ReadContext): Promise<Sample> {
  return database.read({ tenant: ledger.tenant, ledgers: [ledger.id] }, async (client) => {
    const result = await client.query<{ minimum: number; size: number }>({
      name: 'tree-extent',
      text: `select h.minimum, coalesce((select cursor from projection p where p.ledger = h.ledger and p.name = 'tree'), 0) as size
       from head h where h.ledger = $1`,
      values: [ledger.id],
    });
    const { minimum = 0, size = 0 } = result.rows[0] ?? {};
    if (size <= minimum) return { range: { first: minimum, end: minimum }, counts: undefined };
    const first = Math.max(minimum, randomInt(minimum, size) - randomInt(entriesMax));
    const range = { first, end: Math.min(size, first + entriesMax) };
    return { range, counts: await countSample(client, ledger) };
  });
}

async function checkSample(ledger: Ledger, sample: Sample, context: ReadContext): Promise<Difference[]> {
  const { database, ledgers } = context;
  const scope = { tenant: ledger.tenant, ledgers: [ledger.id] };
  const differences = await database.read(scope, async (client) => {
    const { minimum } = await minimumOf(client, ledger);
    const first = Math.max(sample.range.first, minimum);
    const range = { first, end: Math.max(first, sample.range.end), ledgers };
    const checked = await checkEntries(client, ledger, range);
    const { entries } = checked;
    return [...checked.differences, ...(await checkPostings(client, ledger, { entries, database, ledgers }))];
  });
  const counts = sample.counts && (await checkCounts(ledger, sample.counts, context));
  return [...differences, ...(counts ?? [])];
}

async function minimumOf(
  client: Parameters<typeof checkEntries>[0],
  ledger: Ledger,
): Promise<{ minimum: number }> {
  const result = await client.query<{ minimum: number }>({
    name: 'head-minimum',
    text: 'select minimum from head where ledger = $1',
    values: [ledger.id],
  });
  return result.rows[0] ?? { minimum: 0 };
}
