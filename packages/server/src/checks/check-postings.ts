import { timeOf, type Ledgers, type LedgerRow } from '../ledger/index.ts';
import { createPostings, type StoredSpan } from '../projections/index.ts';
import { has, termsOf } from '../query/index.ts';
import type { Client, Database } from '../storage/index.ts';
import type { CheckedEntry, Difference } from './difference.ts';
import { sampleOf } from './sample.ts';

const keysMax = 40;
/** Enough for one span; not shared with those who search, whose memory would hide what was changed. */
const cacheBytesMax = 1024 * 1024;

/**
 * Compares the stored posting lists of a span with entries of it: their times, and for some keys which of them have it. The
 * newest entries have no stored lists yet.
 */
export async function checkPostings(
  client: Client,
  ledger: LedgerRow,
  { entries, database, ledgers }: { entries: readonly CheckedEntry[]; database: Database; ledgers: Ledgers },
): Promise<Difference[]> {
  const postings = createPostings({ database, ledgers, cacheBytesMax });
  const { stored } = await postings.open(client, ledger, []);
  const [first] = entries;
  const span = stored.find(
    ({ firstIndex, count }) => first && firstIndex <= first.index && first.index < firstIndex + count,
  );
  if (!span) return [];
  const { searchToken } = ledgers.tenantKeys(ledger.tenant);
  const inSpan = entries.filter(({ index }) => index < span.firstIndex + span.count);
  const terms = new Map(
    inSpan.map(({ index, event, open }) => [index, termsOf({ event, open }, searchToken)]),
  );
  const keys = sampleOf([...new Set([...terms.values()].flatMap((ofEntry) => [...ofEntry]))], keysMax);
  const ranks = await ranksOf(span, inSpan);
  const sets = await span.lookup(keys);
  const differences: Difference[] = [];
  for (const { index, event, ingestedAt } of inSpan) {
    const place = ranks.get(index);
    if (place?.at !== timeOf(event.occurredAt, ingestedAt)) {
      differences.push({ kind: 'postings', index, text: 'the index has another time for it' });
      continue;
    }
    const isListed = (position: number): boolean => {
      const set = sets[position];
      return set !== undefined && has(set, place.rank);
    };
    if (keys.some((key, position) => isListed(position) !== terms.get(index)?.has(key)))
      differences.push({ kind: 'postings', index, text: 'a posting list lacks it, or names it wrongly' });
  }
  return differences;
}

/** Rank and time of each of these entries, as the span has them. */
async function ranksOf(
  span: StoredSpan,
  entries: readonly CheckedEntry[],
): Promise<Map<number, { rank: number; at: number }>> {
  const wanted = new Set(entries.map(({ index }) => index));
  const { ats, offsets } = await span.ranks();
  const found = new Map<number, { rank: number; at: number }>();
  offsets.forEach((offset, rank) => {
    const index = span.firstIndex + offset;
    if (wanted.has(index)) found.set(index, { rank, at: ats[rank] ?? 0 });
  });
  return found;
}
