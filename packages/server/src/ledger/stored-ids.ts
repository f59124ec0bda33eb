import type { Database } from '../storage/index.ts';
import type { LedgerRow } from './sealed-event.ts';

/** Those of the event ids that the ledger has stored. Reads only segments whose range of ids overlaps. */
export async function storedIds(
  database: Database,
  ledger: LedgerRow,
  ids: readonly string[],
): Promise<Set<string>> {
  const sorted = ids.toSorted();
  return database.read({ tenant: ledger.tenant, ledgers: [ledger.id] }, async (client) => {
    const overlapping = await client.query<{ segment: number }>({
      name: 'segments-of-ids',
      text: 'select segment from segment_range where ledger = $1 and least_id <= $3 and greatest_id >= $2',
      values: [ledger.id, sorted[0], sorted.at(-1)],
    });
    const segments = overlapping.rows.map(({ segment }) => segment);
    if (segments.length === 0) return new Set();
    const result = await client.query<{ id: string }>({
      name: 'stored-ids',
      text: `select id from entry
       where retention_class = $4 and segment = any($3::integer[]) and ledger = $1 and id = any($2::uuid[])`,
      values: [ledger.id, sorted, segments, ledger.retentionClass],
    });
    return new Set(result.rows.map(({ id }) => id));
  });
}
