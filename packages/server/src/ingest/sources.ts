import type { Database, RowAccess } from '../storage/index.ts';
import type { Sequences } from './sequences.ts';

/** The report of an SDK instance about itself. Its counts begin with its start. */
export interface SourceReport {
  readonly name: string;
  readonly sdk: string;
  readonly state: 'open' | 'closed';
  /** ISO 8601. */
  readonly startedAt: string;
  /** The instance's clock when it sent this. */
  readonly sentAt: string;
  readonly submitted: number;
  readonly rejected: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly unsent: readonly (readonly [number, number])[];
  readonly reportEveryMs: number;
}

export interface Source {
  readonly instance: string;
  readonly name: string | null;
  readonly sdk: string | null;
  /** `silent`: it did not report that it closed, and sent nothing for three of its reporting periods. */
  readonly state: 'open' | 'closed' | 'silent';
  readonly startedAt: string;
  readonly lastSeenAt: string;
  /** Its clock minus ours in milliseconds at its last report; null before the first. */
  readonly skewMs: number | null;
  readonly submitted: number;
  readonly received: number;
  readonly rejected: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** The numbers below the highest number of the instance that neither arrived nor were reported as unsent. */
  readonly missingCount: number;
  /**
   * The first hundred of these ranges. `to` null: the instance is silent, and nobody knows how many events it captured
   * from `from` on.
   */
  readonly missing: readonly { readonly from: number; readonly to: number | null }[];
}

export interface Sources {
  /** Notes that the events of one request arrived, accepted or not. Safe to repeat. */
  received(tenant: number, sequences: Sequences): Promise<void>;
  report(tenant: number, instance: string, report: SourceReport): Promise<void>;
  /** The instances, the one that was seen last first. */
  list(tenant: number, limit: number): Promise<Source[]>;
}

const sourcesMax = 10_000;
const silentAfterPeriods = 3;
const rangesShownMax = 100;

export function createSources(database: Database): Sources {
  const rowsOf = (tenant: number): RowAccess => ({ tenant, ledgers: [] });
  return {
    async received(tenant, { instance, ranges }) {
      await database.write(rowsOf(tenant), (client) =>
        client.query({
          name: 'source-received',
          text: `insert into source (tenant, instance, received) values ($1, $2, $3::text::int8multirange)
           on conflict (tenant, instance) do update
           set received = source.received + excluded.received, last_seen_at = now()`,
          values: [tenant, instance, multirange(ranges)],
        }),
      );
    },
    async report(tenant, instance, report) {
      await database.write(rowsOf(tenant), async (client) => {
        const stored = await client.query<{ fresh: boolean }>({
          name: 'source-report',
          text: `insert into source (tenant, instance, name, sdk, state, started_at, report_every_ms, skew_ms, submitted, rejected, dropped, unsent)
           values ($1, $2, $3, $4, $5, $6, $7, round(1000 * extract(epoch from $8::timestamptz - clock_timestamp())), $9, $10, $11, $12::text::int8multirange)
           on conflict (tenant, instance) do update set name = excluded.name, sdk = excluded.sdk, state = excluded.state,
             started_at = excluded.started_at, report_every_ms = excluded.report_every_ms, skew_ms = excluded.skew_ms,
             submitted = greatest(source.submitted, excluded.submitted), rejected = greatest(source.rejected, excluded.rejected),
             dropped = excluded.dropped, unsent = source.unsent + excluded.unsent, last_seen_at = now()
           returning xmax = 0 as fresh`,
          values: [
            tenant,
            instance,
            report.name,
            report.sdk,
            report.state,
            report.startedAt,
            report.reportEveryMs,
            report.sentAt,
            report.submitted,
            report.rejected,
            JSON.stringify(report.dropped),
            multirange(report.unsent),
          ],
        });
        // Every start of a host makes a new instance. Beyond the limit the ones that were seen longest ago are deleted.
        if (stored.rows[0]?.fresh === true)
          await client.query({
            name: 'source-forget',
            text: `delete from source where tenant = $1 and instance in
             (select instance from source where tenant = $1 order by last_seen_at desc offset ${sourcesMax})`,
            values: [tenant],
          });
      });
    },
    list: (tenant, limit) =>
      database.read(rowsOf(tenant), async (client) => {
        const result = await client.query<SourceRow>({
          name: 'source-list',
          text: listSources,
          values: [tenant, limit],
        });
        return result.rows.map(shown);
      }),
  };
}

/** Events of an open instance may still be on their way, so only gaps below its highest arrived number count as missing. */
const listSources = `
  select instance, name, sdk, state, silent, known, "skewMs", submitted, rejected, dropped,
    coalesce(started_at, first_seen_at) as "startedAt", last_seen_at as "lastSeenAt",
    (select coalesce(sum(upper(r) - lower(r)), 0)::bigint from unnest(received) r) as received,
    (select coalesce(sum(upper(r) - lower(r)), 0)::bigint from unnest(missing) r) as "missingCount",
    (select array_agg(lower(r) || '-' || upper(r) - 1 order by r) from (select r from unnest(missing) r order by r limit ${rangesShownMax}) first (r)) as missing
  from (
    select *, int8multirange(int8range(1, known + 1)) - received - unsent as missing
    from (
      select *, skew_ms as "skewMs",
        state = 'open' and last_seen_at < now() - ${silentAfterPeriods} * report_every_ms * interval '1 ms' as silent,
        case when state = 'open' and last_seen_at >= now() - ${silentAfterPeriods} * report_every_ms * interval '1 ms'
          then coalesce(upper(received) - 1, 0) else greatest(submitted, coalesce(upper(received) - 1, 0)) end as known
      from source where tenant = $1 order by last_seen_at desc limit $2
    ) recent
  ) judged
  order by last_seen_at desc`;

interface SourceRow {
  instance: string;
  name: string | null;
  sdk: string | null;
  state: 'open' | 'closed';
  silent: boolean;
  known: number;
  skewMs: number | null;
  submitted: number;
  rejected: number;
  dropped: Record<string, number>;
  startedAt: number;
  lastSeenAt: number;
  received: number;
  missingCount: number;
  missing: string[] | null;
}

function shown(row: SourceRow): Source {
  const { silent, known, startedAt, lastSeenAt, ...rest } = row;
  const missing = (row.missing ?? []).map((range): { from: number; to: number | null } => {
    const [from = 0, to = 0] = range.split('-').map(Number);
    return { from, to };
  });
  return {
    ...rest,
    state: silent ? 'silent' : row.state,
    startedAt: new Date(startedAt).toISOString(),
    lastSeenAt: new Date(lastSeenAt).toISOString(),
    missing: silent ? [...missing, { from: known + 1, to: null }] : missing,
  };
}

function multirange(ranges: readonly (readonly [number, number])[]): string {
  return `{${ranges.map(([from, to]) => `[${from},${to}]`).join(',')}}`;
}
