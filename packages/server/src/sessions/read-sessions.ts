import { ledgersFor, rowAccessOf, type Grant, type Ledger } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { sessionColumns } from './session-row.ts';
import type { Client } from '../storage/index.ts';
import { positionCursor, readPlace, readPositions } from './session-cursor.ts';
import { ownActors } from './session-reach.ts';
import { sessionViews, type LedgerSession, type SessionContext, type SessionView } from './session-views.ts';

export interface SessionsInput {
  ledger?: string | undefined;
  /** The host's id of the actor. */
  actor?: string | undefined;
  active?: boolean | undefined;
  /** 1 to 1,000; default 50. */
  limit?: number | undefined;
  offset?: number | undefined;
  cursor?: string | undefined;
  count?: boolean | undefined;
}

export interface SessionsAnswer {
  sessions: SessionView[];
  next: string | null;
  count?: number;
}

export const sessionLimits = { default: 50, max: 1_000 };

interface SessionQuery {
  client: Client;
  ledgers: readonly Ledger[];
  /** The `where` condition for the sessions that the caller reaches and asks for, and its values. */
  where: string;
  values: unknown[];
}

/** Sessions. The session that began last is the first. @throws invalid_parameter, not_found */
export function sessions(
  grant: Grant,
  input: SessionsInput,
  context: SessionContext,
): Promise<SessionsAnswer> {
  const limit = input.limit ?? sessionLimits.default;
  return querySessions(grant, input, context, async ({ client, ledgers, where, values }) => {
    const after = input.cursor === undefined ? [null, null, null] : readPlace(input.cursor);
    const n = values.length;
    const result = await client.query<LedgerSession>(
      `select ledger, ${sessionColumns} from session where ${where}
         and ($${n + 1}::float8 is null or (started_at, ledger, opened_index) < (to_timestamp($${n + 1} / 1000), $${n + 2}::integer, $${n + 3}::bigint))
       order by started_at desc, ledger desc, opened_index desc limit $${n + 4} offset $${n + 5}`,
      [...values, ...after, limit + 1, input.offset ?? 0],
    );
    const page = result.rows.slice(0, limit);
    const last = result.rows.length > limit ? page.at(-1) : undefined;
    const answer: SessionsAnswer = {
      sessions: await sessionViews(client, page, { ledgers, context }),
      next: last ? positionCursor([last.startedAt, last.ledger, last.openedIndex]) : null,
    };
    if (input.count) answer.count = await countSessions({ client, ledgers, where, values });
    return answer;
  });
}

async function countSessions({ client, where, values }: SessionQuery): Promise<number> {
  const counted = await client.query<{ count: number }>(
    `select count(*) as count from session where ${where}`,
    values,
  );
  return counted.rows[0]?.count ?? 0;
}

/** One session, by its id or by the place of the event that opened it. @throws not_found */
export async function session(
  grant: Grant,
  wanted: { id: string } | { ledger: string; index: number },
  context: SessionContext,
): Promise<SessionView> {
  const ledgerName = 'ledger' in wanted ? wanted.ledger : undefined;
  return querySessions(grant, { ledger: ledgerName }, context, async ({ client, ledgers, where, values }) => {
    const n = values.length + 1;
    const isId = 'id' in wanted;
    const key = isId ? wanted.id.toLowerCase() : wanted.index;
    const rows =
      isId && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(wanted.id.toLowerCase())
        ? []
        : (
            await client.query<LedgerSession>(
              `select ledger, ${sessionColumns} from session where ${where}
                 and ${isId ? `id = $${n}::uuid` : `opened_index = $${n}::bigint`} order by opened_index limit 1`,
              [...values, key],
            )
          ).rows;
    const [view] = await sessionViews(client, rows, { ledgers, context });
    if (!view) throw new AuditError('not_found', { parameter: 'id', detail: 'there is no such session' });
    return view;
  });
}

/**
 * All active sessions of each actor whose active sessions come from different addresses or user agents; at most a thousand
 * sessions.
 */
export function concurrentSessions(
  grant: Grant,
  input: { ledger?: string | undefined; actor?: string | undefined },
  context: SessionContext,
): Promise<{ actors: { actor: SessionView['actor']; sessions: SessionView[] }[] }> {
  return querySessions(grant, { ...input, active: true }, context, async (query) => {
    const { client, ledgers, where, values } = query;
    const result = await client.query<LedgerSession>(
      `with active as materialized (select * from session where ${where})
       select ledger, ${sessionColumns} from active where actor in (select actor from active where place <> ''
         group by actor having count(distinct place) > 1)
       order by actor, started_at desc, opened_index desc limit ${sessionLimits.max}`,
      values,
    );
    const views = await sessionViews(client, result.rows, { ledgers, context });
    const groups = Map.groupBy(views, (_, position) => result.rows[position]?.actor ?? '');
    return {
      actors: [...groups.values()].flatMap((group) =>
        group[0] ? [{ actor: group[0].actor, sessions: group }] : [],
      ),
    };
  });
}

/**
 * Sessions that an event closed, in the order in which these events arrived. A host asks for them to end the sessions in
 * its own system.
 */
export function closedSessions(
  grant: Grant,
  input: { since?: string | undefined; limit?: number | undefined },
  context: SessionContext,
): Promise<{ sessions: SessionView[]; next: string }> {
  const limit = input.limit ?? sessionLimits.default;
  return querySessions(grant, {}, context, async ({ client, ledgers, where, values }) => {
    const positions = await positionsOf(input.since, { client, ledgers });
    const n = values.length;
    const result = await client.query<LedgerSession>(
      `select ledger, ${sessionColumns} from session
         join unnest($${n + 1}::integer[], $${n + 2}::bigint[]) as seen(seen_ledger, seen_index) on seen_ledger = ledger
       where ${where} and closed_index > seen_index order by closed_index, ledger limit $${n + 3}`,
      [...values, ledgers.map(({ id }) => id), ledgers.map(({ id }) => positions.get(id) ?? -1), limit],
    );
    for (const row of result.rows) positions.set(row.ledger, row.closedIndex ?? -1);
    return {
      sessions: await sessionViews(client, result.rows, { ledgers, context }),
      next: positionCursor([...positions].flat()),
    };
  });
}

/**
 * Ledger → index of the last closing event that the caller has seen. A ledger without an index starts at its first one.
 * @throws invalid_parameter
 */
async function positionsOf(
  since: string | undefined,
  { client, ledgers }: Pick<SessionQuery, 'client' | 'ledgers'>,
): Promise<Map<number, number>> {
  if (since === undefined) return new Map();
  if (since !== 'now') return readPositions(since);
  const result = await client.query<{ ledger: number; last: number }>(
    `select ledger, max(closed_index) as last from session
     where ledger = any($1::integer[]) and closed_index is not null group by ledger`,
    [ledgers.map(({ id }) => id)],
  );
  return new Map(result.rows.map(({ ledger, last }) => [ledger, last]));
}

/**
 * Runs a question about sessions under the caller's reach. It first waits until the sessions include all entries
 * acknowledged before.
 */
export async function querySessions<T>(
  grant: Grant,
  input: { ledger?: string | undefined; actor?: string | undefined; active?: boolean | undefined },
  context: SessionContext,
  use: (query: SessionQuery) => Promise<T>,
): Promise<T> {
  const ledgers = ledgersFor(grant, input.ledger);
  await context.sessionsUpToDate(ledgers);
  const { pseudonym } = context.ledgers.tenantKeys(grant.tenant.id);
  const idle = context.clock() - context.sessionIdleMs;
  // A host id that is an e-mail address is stored under its pseudonym.
  const actors = input.actor === undefined ? null : [input.actor, pseudonym(input.actor)];
  const values = [
    ledgers.map(({ id }) => id),
    ownActors(grant, pseudonym),
    actors,
    input.active ?? null,
    idle,
  ];
  const where = `ledger = any($1::integer[]) and ($2::text[] is null or actor = any($2)) and ($3::text[] is null or actor = any($3))
    and ($4::boolean is null or (closed_at is null and last_seen_at > to_timestamp($5::float8 / 1000)) = $4)`;
  return context.database.read(rowAccessOf(grant, ledgers), (client) =>
    use({ client, ledgers, where, values }),
  );
}
