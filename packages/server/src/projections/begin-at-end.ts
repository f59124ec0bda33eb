import type { LedgerRow } from '../ledger/index.ts';
import type { Database } from '../storage/index.ts';

/**
 * Registers a follower with a tenant's ledgers. A new follower begins at the present end of each ledger, so that it gets
 * only the entries that come. It follows a ledger that was made later from the first entry.
 */
export async function beginAtEnd(
  follower: string,
  ledgers: readonly LedgerRow[],
  database: Database,
): Promise<void> {
  const [first] = ledgers;
  if (!first) return;
  const ids = ledgers.map(({ id }) => id);
  await database.write({ tenant: first.tenant, ledgers: ids }, async (client) => {
    await client.query(
      `insert into projection (name, ledger, cursor) select $1, l.id,
         case when exists (select 1 from projection where name = $1 and ledger = any($2::integer[])) then 0
           else coalesce(h.size, 0) end
       from unnest($2::integer[]) as l(id) left join head h on h.ledger = l.id
       on conflict do nothing`,
      [follower, ids],
    );
  });
}
