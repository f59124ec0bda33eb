import { countEntries, type RollupCount } from '../projections/index.ts';
import type { Ledgers } from '../ledger/index.ts';
import type { Client } from '../storage/index.ts';
import type { OpenLedger } from './reader.ts';

/** With more entries than this, the index answers faster than reading them. */
const tailEntriesMax = 5_000;

/** The counts of entries that the rollups do not include yet; undefined when there are too many of them. */
export async function rollupTail(
  client: Client,
  opened: readonly OpenLedger[],
  ledgers: Ledgers,
): Promise<RollupCount[] | undefined> {
  const cursors = await client.query<{ ledger: number; cursor: number; size: number }>({
    name: 'rollup-cursors',
    text: `select h.ledger, coalesce(p.cursor, 0) as cursor, h.size from head h
     left join projection p on p.ledger = h.ledger and p.name = 'rollups' where h.ledger = any($1::integer[])`,
    values: [opened.map(({ ledger }) => ledger.id)],
  });
  const behind = cursors.rows.filter((row) => row.cursor < row.size);
  if (behind.reduce((sum, row) => sum + row.size - row.cursor, 0) > tailEntriesMax) return undefined;
  const counts: RollupCount[] = [];
  for (const row of behind) {
    const ledger = opened.find(({ ledger: { id } }) => id === row.ledger)?.ledger;
    if (ledger)
      counts.push(
        ...countEntries(await ledgers.follow(client, ledger, { first: row.cursor, end: row.size })),
      );
  }
  return counts;
}
