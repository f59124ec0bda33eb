import type { Ledger } from '../access/index.ts';
import { sessionColumns } from './session-row.ts';
import { sessionViews, type FoundSession, type SessionContext, type SessionView } from './session-views.ts';

/** The first closing of a ledger that a follower has not taken yet. */
export interface NextClosed {
  ledger: Ledger;
  /** Of the event that closed the session. */
  index: number;
  session: SessionView;
}

/** Of each ledger of a tenant that the follower of that name is registered with, the next session that an event closed. */
export function nextClosed(
  follower: string,
  ledgers: readonly Ledger[],
  context: SessionContext,
): Promise<NextClosed[]> {
  const [first] = ledgers;
  if (!first) return Promise.resolve([]);
  const ids = ledgers.map(({ id }) => id);
  return context.database.read({ tenant: first.tenant, ledgers: ids }, async (client) => {
    const found = await client.query<FoundSession>({
      name: 'next-closed',
      text: `select s.* from projection p cross join lateral (select ledger, ${sessionColumns} from session
           where ledger = p.ledger and closed_index >= p.cursor order by closed_index limit 1) s
         where p.name = $1 and p.ledger = any($2::integer[]) order by s.ledger`,
      values: [follower, ids],
    });
    const views = await sessionViews(client, found.rows, { ledgers, context });
    return found.rows.flatMap((row, position) => {
      const [ledger, view] = [ledgers.find(({ id }) => id === row.ledger), views[position]];
      return ledger && view && row.closedIndex !== null
        ? [{ ledger, index: row.closedIndex, session: view }]
        : [];
    });
  });
}
