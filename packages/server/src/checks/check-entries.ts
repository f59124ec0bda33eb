import { equalBytes, tileWidthFull } from '@bitacora/tlog';
import {
  readEntryRange,
  tileHashes,
  type LedgerRow,
  type Ledgers,
  type StoredEntry,
} from '../ledger/index.ts';
import type { Client } from '../storage/index.ts';
import { faultsIn, freshViews } from './check-values.ts';
import type { CheckedEntry, Difference } from './difference.ts';

/**
 * Compares the entries `[first, end)` with the hashes of the tree, with the table of ids and with the values beside them.
 * Also returns the entries whose values could all be read.
 */
export async function checkEntries(
  client: Client,
  ledger: LedgerRow,
  range: { first: number; end: number; ledgers: Ledgers },
): Promise<{ differences: Difference[]; entries: CheckedEntry[] }> {
  const entries = await readEntryRange(client, ledger.id, range);
  const differences = missingIn(entries, range);
  if (differences.length > 0) return { differences, entries: [] };
  differences.push(...(await checkHashes(client, ledger, entries)));
  const views = await freshViews(client, ledger, { entries, ledgers: range.ledgers });
  differences.push(...(await checkIds(client, ledger, { views, ...range })));
  const { altered, missing } = faultsIn(views);
  for (const { index, groups } of altered)
    differences.push({ kind: 'values', index, text: `its ${groups.join(' and ')} values were replaced` });
  for (const { index, groups } of missing)
    differences.push({ kind: 'values', index, text: `its ${groups.join(' and ')} values are gone` });
  const unreadable = new Set([...altered, ...missing].map(({ index }) => index));
  return { differences, entries: views.filter(({ index }) => !unreadable.has(index)) };
}

function missingIn(
  entries: readonly StoredEntry[],
  { first, end }: { first: number; end: number },
): Difference[] {
  for (let index = first; index < end; index++)
    if (entries[index - first]?.index !== index) return [{ kind: 'entries', index, text: 'it is missing' }];
  return [];
}

async function checkHashes(
  client: Client,
  ledger: LedgerRow,
  entries: readonly StoredEntry[],
): Promise<Difference[]> {
  const differences: Difference[] = [];
  const tiles = Map.groupBy(entries, ({ index }) => Math.floor(index / tileWidthFull));
  for (const [index, members] of tiles) {
    const last = members.at(-1)?.index ?? 0;
    const hashes = await tileHashes(client, ledger.id, {
      level: 0,
      index,
      width: (last % tileWidthFull) + 1,
    });
    for (const { index: at, leafHash } of members) {
      const start = (at % tileWidthFull) * 32;
      if (!hashes || !equalBytes(hashes.subarray(start, start + 32), leafHash))
        differences.push({ kind: 'entries', index: at, text: 'its hash is not the one in the tree' });
    }
  }
  return differences;
}

async function checkIds(
  client: Client,
  ledger: LedgerRow,
  { views, first, end }: { views: readonly { index: number; id: string }[]; first: number; end: number },
): Promise<Difference[]> {
  const result = await client.query<{ id: string; index: number }>({
    name: 'ids-of-range',
    text: `select e.id, e.index from segment_range r join segment g on g.number = r.segment
     join entry e on e.retention_class = g.retention_class and e.segment = r.segment and e.ledger = $1
       and e.index >= $2::bigint and e.index < $3::bigint
     where r.ledger = $1 and r.first_index < $3::bigint and r.end_index > $2::bigint`,
    values: [ledger.id, first, end],
  });
  const stored = new Map(result.rows.map(({ id, index }) => [index, id]));
  return views
    .filter(({ index, id }) => stored.get(index) !== id)
    .map(({ index }) => ({ kind: 'ids', index, text: 'the table of ids has another id for it, or none' }));
}
