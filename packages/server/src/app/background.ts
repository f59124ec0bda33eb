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
  /** Called several times a second with the number of entries of a ledger. */
  onHead: (ledger: Ledger, size: number) => Promise<void>;
  /** Checks a random part of the evidence. */
  checkEvidence: { everyMs: number; run: () => Promise<void> };
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
const afterFailureMs = 1_000;

/**
 * Starts the work that goes on without requests: publishing, projections, heartbeat, segments. A loop goes on after a
 * failure.
 */
export function startBackground(options: BackgroundOptions): Background {
  const { ledgers, logger, health, projections } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const forEachHead = createHeadVisits(options, signal);
  const publishedSizes = new Map<number, number>();
  const loop = (what: string, everyMs: number, step: () => Promise<void>): Promise<void> =>
    runLoop(step, { what, everyMs, signal, logger });
  const loops = [
    loop('heartbeat', beatEveryMs, () => health.beat()),
    loop('publishing', publishEveryMs, () =>
      forEachHead('publishing', async ({ ledger, size }) => {
        if (publishedSizes.get(ledger.id) !== size)
          publishedSizes.set(ledger.id, await ledgers.publish(ledger));
      }),
    ),
    loop('indexing', projectEveryMs, () =>
      forEachHead('indexing', ({ ledger, size }) => options.onHead(ledger, size)),
    ),
    loop('closing of segments', rotateEveryMs, async () => {
      for (const segment of await ledgers.segments.rotate()) logger.info({ segment }, 'segment closed');
    }),
    loop('checking of evidence', options.checkEvidence.everyMs, options.checkEvidence.run),
    ...projections.map((projection) => {
      const project = createProjecting(projection, options);
      return loop(projection.name, projectEveryMs, () => forEachHead(projection.name, project));
    }),
  ];
  return {
    async stop() {
      abort.abort();
      await Promise.all(loops);
    },
  };
}

interface LoopOptions {
  readonly what: string;
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

async function runLoop(step: () => Promise<void>, options: LoopOptions): Promise<void> {
  const { what, everyMs, signal, logger } = options;
  const wait = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);
  while (!signal.aborted) {
    try {
      await step();
    } catch (error) {
      if (!signal.aborted) logger.error({ err: error }, `${what} failed, will be tried again`);
      await wait(afterFailureMs);
    }
    await wait(everyMs);
  }
}

type VisitHead = (head: LedgerHead) => Promise<void>;

/** Visits all ledgers, one after the other. A ledger that fails does not stop the others: it is reported to health. */
function createHeadVisits(
  options: BackgroundOptions,
  signal: AbortSignal,
): (what: string, visit: VisitHead) => Promise<void> {
  const { health, logger } = options;
  return async (what, visit) => {
    for (const head of await headsOf(options)) {
      if (signal.aborted) return;
      const name = `${what} of ledger ${head.ledger.name}`;
      try {
        await visit(head);
        health.failing.delete(name);
      } catch (error) {
        if (signal.aborted) return;
        health.failing.add(name);
        logger.error({ err: error }, `${name} failed, will be tried again`);
      }
    }
  };
}

/** A visit that follows a ledger with a projection, unless the projection has reached this size already. */
function createProjecting(projection: Projection, { database, holder }: BackgroundOptions): VisitHead {
  const projectedSizes = new Map<number, number>();
  return async ({ ledger, size }) => {
    if (projectedSizes.get(ledger.id) === size) return;
    const cursor = await follow(ledger, { database, projection, holder });
    // A follower that waits for more entries, or for the lease, is asked again when the ledger has grown.
    if (cursor !== undefined) projectedSizes.set(ledger.id, size);
  };
}

interface LedgerHead {
  ledger: Ledger;
  size: number;
}

/** All ledgers that have entries, and how many each has. */
async function headsOf({ database, tenants }: BackgroundOptions): Promise<LedgerHead[]> {
  const all = await tenants.allLedgers();
  const scope = { tenant: 0, ledgers: all.map((ledger) => ledger.id) };
  const heads = await database.read(scope, (client) =>
    client.query<{ ledger: number; size: number }>({
      name: 'all-heads',
      text: 'select ledger, size from head where size > 0',
    }),
  );
  const sizes = new Map(heads.rows.map((row) => [row.ledger, row.size]));
  return all.flatMap((ledger) => {
    const size = sizes.get(ledger.id);
    return size === undefined ? [] : [{ ledger, size }];
  });
}
