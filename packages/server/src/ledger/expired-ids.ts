import type { Client } from '../storage/index.ts';

/**
 * The ids that may have been purged; none of `ids` is stored. These are the ids up to `purgedThrough`, and later ones that
 * the table of purged ids names because their host's clock was ahead of the server's.
 */
export async function expiredIds(
  client: Client,
  ledger: number,
  { ids, purgedThrough }: { ids: readonly string[]; purgedThrough: string | null },
): Promise<ReadonlySet<string>> {
  if (purgedThrough === null || ids.length === 0) return new Set();
  const result = await client.query<{ id: string }>({
    name: 'purged-ids',
    text: 'select id from purged_id where ledger = $1 and id = any($2::uuid[])',
    values: [ledger, ids.filter((id) => id > purgedThrough)],
  });
  return new Set([...ids.filter((id) => id <= purgedThrough), ...result.rows.map(({ id }) => id)]);
}
