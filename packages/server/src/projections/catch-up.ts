import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerRow } from '../ledger/index.ts';
import { follow, type FollowOptions } from './follow.ts';

const waitMaxMs = 2_000;
const lookAgainAfterMs = 20;

/**
 * Waits until a projection has all entries that existed at the call. This process projects them itself when no other
 * process does. After two seconds the wait ends although the other process is not done: then the caller reads a state that
 * is a little older.
 */
export async function catchUp(ledgers: readonly LedgerRow[], options: FollowOptions): Promise<void> {
  const until = performance.now() + waitMaxMs;
  let behind = await sizesBehind(ledgers, options);
  for (const [ledger, size] of behind) {
    for (;;) {
      const cursor = await follow(ledger, options);
      if ((cursor !== undefined && cursor >= size) || performance.now() > until) break;
      await sleep(lookAgainAfterMs);
      behind = await sizesBehind([ledger], options);
      if (!behind.has(ledger)) break;
    }
  }
}

async function sizesBehind(
  ledgers: readonly LedgerRow[],
  { database, projection }: FollowOptions,
): Promise<Map<LedgerRow, number>> {
  const [first] = ledgers;
  if (!first) return new Map();
  const scope = { tenant: first.tenant, ledgers: ledgers.map(({ id }) => id) };
  const behind = await database.read(scope, (client) =>
    client.query<{ ledger: number; size: number }>({
      name: 'projection-behind',
      text: `select h.ledger, h.size from head h left join projection p on p.ledger = h.ledger and p.name = $2
       where h.ledger = any($1::integer[]) and coalesce(p.cursor, 0) < h.size`,
      values: [scope.ledgers, projection.name],
    }),
  );
  const sizes = new Map(behind.rows.map((row) => [row.ledger, row.size]));
  return new Map(
    ledgers.flatMap((ledger) => {
      const size = sizes.get(ledger.id);
      return size === undefined ? [] : [[ledger, size] as const];
    }),
  );
}
