import type { Database } from '../storage/index.ts';
import type { LedgerRow } from './sealed-event.ts';

/** The entries `[firstIndex, endIndex)` of one ledger in a segment; times in ms. */
export interface SegmentPart {
  ledger: number;
  firstIndex: number;
  endIndex: number;
  /** Least and greatest `at`. */
  leastAt: number;
  greatestAt: number;
}

/** A closed segment whose newest entry is older than the retention period of its ledgers. */
export interface DueSegment {
  number: number;
  retentionClass: number;
  parts: SegmentPart[];
}

/** A ledger with its retention period in days; null: kept for ever. */
export type KeptLedger = LedgerRow & { retentionDays: number | null };

/**
 * The closed segments that retention may remove now, the oldest first. A segment waits for the one before it, so that the
 * remaining entries of a ledger have indexes without a gap. The state `archived` is planned: no segment has it yet
 * (docs/planned.md).
 */
export async function dueSegments(database: Database, ledgers: readonly KeptLedger[]): Promise<DueSegment[]> {
  const rowAccess = { tenant: 0, ledgers: ledgers.map(({ id }) => id) };
  const periods = ledgers.flatMap(({ id, retentionDays }) =>
    retentionDays === null ? [] : [{ id, retentionDays }],
  );
  const rows = await database.read(rowAccess, async (client) => {
    const result = await client.query<SegmentPart & { number: number; class: number; due: boolean }>({
      name: 'segments-by-age',
      text: `select g.number, g.retention_class as class, r.ledger, r.first_index as "firstIndex", r.end_index as "endIndex",
         r.least_at as "leastAt", r.greatest_at as "greatestAt",
         g.state in ('closed', 'archived') and r.greatest_ingested_at < now() - make_interval(days => k.days) as due
       from segment g join segment_range r on r.segment = g.number
         join unnest($1::integer[], $2::integer[]) as k(ledger, days) on k.ledger = r.ledger
       where g.state <> 'purged' order by g.number, r.ledger`,
      values: [periods.map(({ id }) => id), periods.map(({ retentionDays }) => retentionDays)],
    });
    return result.rows;
  });
  return [...Map.groupBy(rows, (row) => row.class).values()]
    .flatMap((ofClass) => {
      const segments = [...Map.groupBy(ofClass, (row) => row.number).values()];
      const kept = segments.findIndex((parts) => !parts.every(({ due }) => due));
      return kept < 0 ? segments : segments.slice(0, kept);
    })
    .map((partRows): DueSegment => ({
      number: partRows[0]?.number ?? 0,
      retentionClass: partRows[0]?.class ?? 0,
      parts: partRows.map(({ ledger, firstIndex, endIndex, leastAt, greatestAt }) => ({
        ledger,
        firstIndex,
        endIndex,
        leastAt,
        greatestAt,
      })),
    }))
    .sort((a, b) => a.number - b.number);
}
