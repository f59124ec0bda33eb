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
  /** Index of the event in the tenant's audit ledger that announced the removal; null: no event did. */
  noticeIndex: number | null;
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

const purgeColumns = `ledger, segment, first_index as "firstIndex", end_index as "endIndex", least_at as "leastAt",
  greatest_at as "greatestAt", retention_days as "retentionDays", purged_at as "purgedAt", notice_index as "noticeIndex"`;
