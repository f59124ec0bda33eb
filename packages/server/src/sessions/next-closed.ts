import type { Ledger } from '../access/index.ts';
import { sessionColumns } from './session-row.ts';
import { sessionViews, type LedgerSession, type SessionContext, type SessionView } from './session-views.ts';

/** The next session of a ledger that was closed and that a follower has not got yet. */
export interface NextClosed {
  ledger: Ledger;
  /** The index of the event that closed the session. */
  index: number;
  session: SessionView;
}

/** The next session that an event closed, for each ledger of a tenant with which the follower is registered. */
export function nextClosed(
  follower: string,
  ledgers: readonly Ledger[],
  context: SessionContext,
): Promise<NextClosed[]> {
  const [first] = ledgers;
  if (!first) return Promise.resolve([]);
  const ids = ledgers.map(({ id }) => id);
  return context.database.read({ tenant: first.tenant, ledgers: ids }, async (client) => {
    const closings = await client.query<LedgerSession>({
      name: 'next-closed',
      text: `select s.* from projection p cross join lateral (select ledger, ${sessionColumns} from session
           where ledger = p.ledger and closed_index >= p.cursor order by closed_index limit 1) s
         where p.name = $1 and p.ledger = any($2::integer[]) order by s.ledger`,
      values: [follower, ids],
    });
    const views = await sessionViews(client, closings.rows, { ledgers, context });
    return closings.rows.flatMap((row, position) => {
      const ledger = ledgers.find(({ id }) => id === row.ledger);
      const view = views[position];
      return ledger && view && row.closedIndex !== null
        ? [{ ledger, index: row.closedIndex, session: view }]
        : [];
    });
  });
}
