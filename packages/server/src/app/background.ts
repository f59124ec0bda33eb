import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Ledger, Tenants } from '../access/index.ts';
import type { Ledgers } from '../ledger/index.ts';
import { follow, type Projection } from '../projections/index.ts';
import type { Database } from '../storage/index.ts';
import type { Health } from './health.ts';

export interface BackgroundOptions {
  database: Database;
  tenants: Tenants;
  ledgers: Ledgers;
  projections: readonly Projection[];
  /** Called every fraction of a second with how many entries a ledger has. */
  onHead: (ledger: Ledger, size: number) => Promise<void>;
  health: Health;
  /** Names this process in leases. */
  holder: string;
  logger: Logger;
}

export interface Background {
  stop(): Promise<void>;
}

const publishEveryMs = 500;
const projectEveryMs = 250;
const beatEveryMs = 2_000;
const rotateEveryMs = 2_000;

/** What goes on without a request: publishing, projections, heartbeat, segments. Each loop survives its failures. */
export function startBackground(options: BackgroundOptions): Background {
  const { ledgers, logger, health } = options;
  const abort = new AbortController();
  const published = new Map<number, number>();
  const projected = new Map<string, number>();
  const loop = async (what: string, everyMs: number, step: () => Promise<void>): Promise<void> => {
    while (!abort.signal.aborted) {
      try {
        await step();
      } catch (error) {
        if (!abort.signal.aborted) logger.error({ err: error }, `${what} failed, will be tried again`);
        await sleep(1_000, undefined, { signal: abort.signal }).catch(() => undefined);
      }
      await sleep(everyMs, undefined, { signal: abort.signal }).catch(() => undefined);
    }
  };
  /** One ledger that fails must not keep the others waiting; it is told to the operator and to health. */
  const each = async (
    what: string,
    heads: readonly LedgerHead[],
    step: (head: LedgerHead) => Promise<void>,
  ): Promise<void> => {
    for (const head of heads) {
      if (abort.signal.aborted) return;
      const name = `${what} of ledger ${head.ledger.name}`;
      try {
        await step(head);
        health.failing.delete(name);
      } catch (error) {
        if (abort.signal.aborted) return;
        health.failing.add(name);
        logger.error({ err: error }, `${name} failed, will be tried again`);
      }
    }
  };
  const sizes = (): Promise<LedgerHead[]> => headsOf(options);
  const loops = [
    loop('heartbeat', beatEveryMs, () => health.beat()),
    loop('publishing', publishEveryMs, async () => {
      await each('publishing', await sizes(), async ({ ledger, size }) => {
        if (published.get(ledger.id) !== size) published.set(ledger.id, await ledgers.publish(ledger));
      });
    }),
    loop('indexing', projectEveryMs, async () => {
      await each('indexing', await sizes(), ({ ledger, size }) => options.onHead(ledger, size));
    }),
    loop('closing of segments', rotateEveryMs, async () => {
      for (const number of await ledgers.segments.rotate())
        logger.info({ segment: number }, 'segment closed');
    }),
    ...options.projections.map((projection) =>
      loop(projection.name, projectEveryMs, async () => {
        await each(projection.name, await sizes(), async ({ ledger, size }) => {
          const key = `${projection.name}/${ledger.id}`;
          if (projected.get(key) === size) return;
          const cursor = await follow(ledger, {
            database: options.database,
            projection,
            holder: options.holder,
          });
          // A follower that waits for more entries (or for the lease) is asked again when the ledger has grown.
          if (cursor !== undefined) projected.set(key, size);
        });
      }),
    ),
  ];
  return {
    async stop() {
      abort.abort();
      await Promise.all(loops);
    },
  };
}

interface LedgerHead {
  ledger: Ledger;
  size: number;
}

/** Ledgers and how many entries each has. */
async function headsOf({ database, tenants }: BackgroundOptions): Promise<LedgerHead[]> {
  const all = await tenants.allLedgers();
  const scope = { tenant: 0, ledgers: all.map((ledger) => ledger.id) };
  const found = await database.read(scope, (client) =>
    client.query<{ ledger: number; size: number }>({
      name: 'all-heads',
      text: 'select ledger, size from head where size > 0',
    }),
  );
  const sizes = new Map(found.rows.map((row) => [row.ledger, row.size]));
  return all.flatMap((ledger) => {
    const size = sizes.get(ledger.id);
    return size === undefined ? [] : [{ ledger, size }];
  });
}
