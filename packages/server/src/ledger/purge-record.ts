import type { Database } from '../storage/index.ts';
import type { SegmentPart } from './due-segments.ts';
import type { LedgerRow } from './sealed-event.ts';

/** The entries of one ledger that retention removed with one segment. */
export interface Purge extends SegmentPart {
  segment: number;
  /** Days. */
  retentionDays: number;
  /** ms */
  purgedAt: number;
}

const purgesMax = 10_000;

/** The purges of a ledger in order of index; `minimum` is the index of its first remaining entry. */
export async function purgesOf(
  database: Database,
  ledger: LedgerRow,
): Promise<{ minimum: number; purges: Purge[] }> {
  const rowAccess = { tenant: ledger.tenant, ledgers: [ledger.id] };
  return database.read(rowAccess, async (client) => {
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
 * Gives `report` the purges that no event reports yet, the oldest first, and marks them as reported when `report` returns.
 * Of two servers only one reports a purge. After a crash between the report and the mark it is reported again.
 */
export async function reportPurges(
  database: Database,
  ledgers: readonly LedgerRow[],
  report: (purges: readonly Purge[]) => Promise<void>,
): Promise<void> {
  await database.write({ tenant: 0, ledgers: ledgers.map(({ id }) => id) }, async (client) => {
    const result = await client.query<Purge>(
      `select ${purgeColumns} from purge where not reported order by segment, ledger limit ${purgesMax}
       for update skip locked`,
    );
    if (result.rows.length === 0) return;
    await report(result.rows);
    await client.query(
      `update purge p set reported = true from unnest($1::integer[], $2::integer[]) as done(ledger, segment)
       where p.ledger = done.ledger and p.segment = done.segment`,
      [result.rows.map(({ ledger }) => ledger), result.rows.map(({ segment }) => segment)],
    );
  });
}

const purgeColumns = `ledger, segment, first_index as "firstIndex", end_index as "endIndex", least_at as "leastAt",
  greatest_at as "greatestAt", retention_days as "retentionDays", purged_at as "purgedAt"`;
