import type { LedgerRow } from '../ledger/index.ts';
import type { Client, Database } from '../storage/index.ts';
import type { Projection } from './projection.ts';

export interface FollowOptions {
  database: Database;
  projection: Projection;
  /** Names this process in leases. */
  holder: string;
}

const leaseSeconds = 15;

/**
 * Brings one projection of one ledger up to date, if this process holds its lease or can take it. A lease is a row with
 * a time and a fencing token. A process that was paused too long finds another token in the row and writes nothing.
 * @returns the cursor reached, or undefined when another process holds the lease
 */
export async function follow(ledger: LedgerRow, options: FollowOptions): Promise<number | undefined> {
  const { database, projection } = options;
  const scope = { tenant: ledger.tenant, ledgers: [ledger.id] };
  const lease = await database.write(scope, (client) => takeLease(client, ledger, options));
  if (!lease) return undefined;
  let { cursor } = lease;
  for (;;) {
    const end = projection.next(cursor, lease.size);
    if (end <= cursor) return cursor;
    const range = { first: cursor, end };
    await projection.prepare?.(ledger, range);
    const moved = await database.write(scope, async (client) => {
      const held = await renew(client, ledger, { name: projection.name, fence: lease.fence, cursor });
      if (!held) return false;
      await projection.project(client, ledger, range);
      await client.query({
        name: 'move-cursor',
        text: 'update projection set cursor = $3 where name = $1 and ledger = $2',
        values: [projection.name, ledger.id, end],
      });
      return true;
    });
    if (!moved) return undefined;
    projection.projected?.(ledger, range);
    cursor = end;
  }
}

/** Deletes the state of a projection, so that it is rebuilt from the ledger. */
export async function rebuild(ledger: LedgerRow, options: FollowOptions): Promise<void> {
  const { database, projection } = options;
  await database.write({ tenant: ledger.tenant, ledgers: [ledger.id] }, async (client) => {
    // The new token takes the lease from a process that projects at this moment.
    await client.query(
      'update projection set cursor = 0, fence = fence + 1, held_until = null where name = $1 and ledger = $2',
      [projection.name, ledger.id],
    );
    await projection.reset(client, ledger);
  });
}

/** Ends the leases of a process that stops following ledgers. */
export async function releaseLeases(
  ledgers: readonly LedgerRow[],
  { database, holder }: Pick<FollowOptions, 'database' | 'holder'>,
): Promise<void> {
  const scope = { tenant: 0, ledgers: ledgers.map(({ id }) => id) };
  await database.write(scope, (client) =>
    client.query('update projection set held_until = null where holder = $1', [holder]),
  );
}

interface Lease {
  cursor: number;
  fence: number;
  size: number;
}

async function takeLease(
  client: Client,
  ledger: LedgerRow,
  options: FollowOptions,
): Promise<Lease | undefined> {
  const { name } = options.projection;
  await client.query({
    name: 'projection-row',
    text: 'insert into projection (name, ledger) values ($1, $2) on conflict do nothing',
    values: [name, ledger.id],
  });
  const taken = await client.query<Lease>({
    name: 'take-lease',
    text: `update projection p set holder = $3, held_until = now() + make_interval(secs => $4),
       fence = case when p.holder = $3 then p.fence else p.fence + 1 end,
       cursor = greatest(p.cursor, h.minimum - h.minimum % $5)
     from head h where p.name = $1 and p.ledger = $2 and h.ledger = p.ledger
       and (p.holder = $3 or p.held_until is null or p.held_until < now())
     returning p.cursor, p.fence, h.size`,
    // `greatest` above moves the cursor past purged entries, to the start of the step that has the first remaining entry.
    values: [name, ledger.id, options.holder, leaseSeconds, options.projection.step ?? 1],
  });
  return taken.rows[0];
}

async function renew(
  client: Client,
  ledger: LedgerRow,
  lease: { name: string; fence: number; cursor: number },
): Promise<boolean> {
  const renewed = await client.query({
    name: 'renew-lease',
    text: `update projection set held_until = now() + make_interval(secs => $5)
     where name = $1 and ledger = $2 and fence = $3 and cursor = $4`,
    values: [lease.name, ledger.id, lease.fence, lease.cursor, leaseSeconds],
  });
  return renewed.rowCount === 1;
}
