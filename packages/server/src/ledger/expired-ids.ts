import type { Client } from '../storage/index.ts';

/**
 * Which of these ids, none of them stored, may have been purged: those up to the purge point, and those of clocks that
 * were ahead of the server's when they were stored.
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
