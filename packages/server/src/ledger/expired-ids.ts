import type { Client } from '../storage/index.ts';

/**
 * Those of `ids` whose events may have been purged. The caller has checked that none of `ids` is stored. An id up to
 * `purgedThrough` may have been purged. A later id was purged when it is in the table `purged_id`, which has the ids of hosts
 * whose clock was ahead of the server's.
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
