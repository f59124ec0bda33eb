import type { Database } from '../storage/index.ts';
import type { SegmentPart } from './due-segments.ts';
import type { LedgerRow } from './sealed-event.ts';

/** What retention removed of a ledger with one segment. */
export interface Purge extends SegmentPart {
  segment: number;
  /** Days. */
  retentionDays: number;
  /** ms */
  purgedAt: number;
}

const purgesMax = 10_000;

/** What was purged of a ledger, in order of index. */
export async function purgesOf(
  database: Database,
  ledger: LedgerRow,
): Promise<{ minimum: number; purges: Purge[] }> {
  const scope = { tenant: ledger.tenant, ledgers: [ledger.id] };
  return database.read(scope, async (client) => {
    const head = await client.query<{ minimum: number }>({
      name: 'head-minimum',
      text: 'select minimum from head where ledger = $1',
      values: [ledger.id],
    });
    const result = await client.query<Purge>({
      name: 'purges',
      text: `select ${purgeColumns} from purge where ledger = $1 order by first_index limit ${purgesMax}`,
      values: [ledger.id],
    });
    return { minimum: head.rows[0]?.minimum ?? 0, purges: result.rows };
  });
}

/**
 * Hands over the purges of which no event tells yet, the oldest first, and remembers them as told once `tell` is through.
 * Of two servers one tells of each; what was told just before a crash is told again.
 */
export async function tellOfPurges(
  database: Database,
  ledgers: readonly LedgerRow[],
  tell: (purges: readonly Purge[]) => Promise<void>,
): Promise<void> {
  await database.write({ tenant: 0, ledgers: ledgers.map(({ id }) => id) }, async (client) => {
    const result = await client.query<Purge>(
      `select ${purgeColumns} from purge where not reported order by segment, ledger limit ${purgesMax}
       for update skip locked`,
    );
    if (result.rows.length === 0) return;
    await tell(result.rows);
    await client.query(
      `update purge p set reported = true from unnest($1::integer[], $2::integer[]) as told(ledger, segment)
       where p.ledger = told.ledger and p.segment = told.segment`,
      [result.rows.map(({ ledger }) => ledger), result.rows.map(({ segment }) => segment)],
    );
  });
}

const purgeColumns = `ledger, segment, first_index as "firstIndex", end_index as "endIndex", least_at as "leastAt",
  greatest_at as "greatestAt", retention_days as "retentionDays", purged_at as "purgedAt"`;
