import type { Grant } from '../access/index.ts';
import { querySessions } from './read-sessions.ts';
import type { SessionContext } from './session-views.ts';
import { rangeOf } from '../query/index.ts';

export interface SessionPatterns {
  count: number;
  /** Sessions begun in each of the 24 hours of the organisation's zone. */
  hours: number[];
  /** The same for each weekday, Monday first. */
  weekdays: number[];
  /** Null when there are no sessions. */
  meanDurationMs: number | null;
}

export interface SessionPatternsInput {
  ledger?: string | undefined;
  actor?: string | undefined;
  /** Range of the times at which the sessions began. */
  from?: string | undefined;
  to?: string | undefined;
}

/** At what times sessions begin, and how long they last. @throws invalid_parameter, not_found */
export async function sessionPatterns(
  grant: Grant,
  input: SessionPatternsInput,
  context: SessionContext,
): Promise<SessionPatterns> {
  const { from, to } = rangeOf(input, context.zone, context.clock());
  return querySessions(grant, input, context, async ({ client, where, values }) => {
    const n = values.length;
    const groups = await client.query<{ hour: number; weekday: number; count: number; duration: number }>(
      `select extract(hour from local)::integer as hour, extract(isodow from local)::integer as weekday,
         count(*) as count, sum(extract(epoch from coalesce(closed_at, last_seen_at) - started_at) * 1000)::float8 as duration
       from session cross join lateral (select started_at at time zone $${n + 1} as local) l where ${where}
         and started_at >= to_timestamp($${n + 2}::float8 / 1000) and started_at < to_timestamp($${n + 3}::float8 / 1000)
       group by 1, 2`,
      [...values, context.zone, from, to],
    );
    const sum = (
      of: (row: (typeof groups.rows)[number]) => number,
      where = (_: (typeof groups.rows)[number]) => true,
    ) => groups.rows.filter(where).reduce((total, row) => total + of(row), 0);
    const count = sum((row) => row.count);
    return {
      count,
      hours: Array.from({ length: 24 }, (_, hour) =>
        sum(
          (row) => row.count,
          (row) => row.hour === hour,
        ),
      ),
      weekdays: Array.from({ length: 7 }, (_, day) =>
        sum(
          (row) => row.count,
          (row) => row.weekday === day + 1,
        ),
      ),
      meanDurationMs: count === 0 ? null : Math.round(sum((row) => row.duration) / count),
    };
  });
}
