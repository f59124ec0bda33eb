import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Ledger, Tenants } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { follow, rebuild, type Projection } from '../projections/index.ts';
import type { Database } from '../storage/index.ts';
import { reachedLedgers } from '../access/index.ts';
import { defineRoute, jsonAnswer, type Route } from '../http/index.ts';

const rebuildable = ['rollups', 'sessions'] as const;
const input = z.strictObject({
  projection: z.enum(rebuildable),
  ledger: z.string().min(1).max(200).optional(),
});
const view = z.object({
  projection: z.enum(rebuildable),
  ledgers: z.array(z.object({ ledger: z.string(), entries: z.int(), durationMs: z.number() })),
});

/** Another process may have taken the lease after this one reset the projection; a lease ends after fifteen seconds. */
const waitMaxMs = 30_000;
const lookAgainAfterMs = 200;

export interface RebuildOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly projections: readonly Projection[];
  /** Names this process in leases. */
  readonly holder: string;
}

/**
 * The route that rebuilds counts or sessions from the entries. Counts stay right during that time, because entries that
 * are not counted yet are counted from the index. Other servers keep neither in memory, so they need no message.
 */
export function rebuildRoutes({ database, tenants, projections, holder }: RebuildOptions): Route[] {
  const route = defineRoute({
    method: 'POST',
    path: '/v1/projections/rebuild',
    summary: 'Rebuild counts or sessions from the entries; answers when it is done',
    permission: 'admin',
    body: input,
    record: { action: 'projection.rebuild', each: true },
    answer: jsonAnswer(view),
    async handle({ grant, body }) {
      const projection = projections.find(({ name }) => name === body.projection);
      if (!projection) throw new AuditError('not_found', { parameter: 'projection' });
      const options = { database, holder, projection };
      const ledgers: z.infer<typeof view>['ledgers'] = [];
      for (const ledger of await reachedLedgers(grant, body.ledger, tenants)) {
        const start = performance.now();
        await rebuild(ledger, options);
        const entries = await followToEnd(ledger, options);
        ledgers.push({ ledger: ledger.name, entries, durationMs: Math.round(performance.now() - start) });
      }
      return { projection: body.projection, ledgers };
    },
  });
  return [route];
}

/**
 * Follows the ledger and returns the index reached. @throws unavailable when another process holds the lease for too long
 */
async function followToEnd(ledger: Ledger, options: Parameters<typeof follow>[1]): Promise<number> {
  const until = performance.now() + waitMaxMs;
  for (;;) {
    const cursor = await follow(ledger, options);
    if (cursor !== undefined) return cursor;
    if (performance.now() > until) {
      throw new AuditError('unavailable', {
        detail: `${options.projection.name} of ledger ${ledger.name} is being rebuilt by another server`,
        retryAfterSeconds: 15,
      });
    }
    await sleep(lookAgainAfterMs);
  }
}
