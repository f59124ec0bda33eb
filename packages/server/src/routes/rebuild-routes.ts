import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Ledger, Tenants } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { follow, rebuild, type Projection } from '../projections/index.ts';
import type { Database } from '../storage/index.ts';
import { reachedLedgers } from '../access/index.ts';
import type { Route } from '../http/index.ts';

const json = 'application/json; charset=utf-8';
const rebuildable = ['rollups', 'sessions'] as const;
const input = z.strictObject({
  projection: z.enum(rebuildable),
  ledger: z.string().min(1).max(200).optional(),
});
const view = z.object({
  projection: z.enum(rebuildable),
  ledgers: z.array(z.object({ ledger: z.string(), entries: z.int(), durationMs: z.number() })),
});

/** Another process may have taken over what this one threw away; its lease runs out after fifteen seconds. */
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
 * Counts and sessions made anew from the entries. Meanwhile answers are as right as before: what is not counted yet is counted
 * from the index. Other servers need no telling, since neither is kept in memory.
 */
export function rebuildRoutes(options: RebuildOptions): Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/projections/rebuild',
      summary: 'Make counts or sessions anew from the entries; answers when it is done',
      permission: 'admin',
      body: input,
      record: { action: 'projection.rebuild', each: true },
      answer: { status: 200, mediaType: json, schema: view },
      async handle({ grant, body }) {
        const { projection: name, ledger } = body as z.infer<typeof input>;
        const { database, holder } = options;
        const projection = options.projections.find((one) => one.name === name);
        if (!projection) throw new AuditError('not_found', { parameter: 'projection' });
        const how = { database, holder, projection };
        const ledgers: z.infer<typeof view>['ledgers'] = [];
        for (const one of await reachedLedgers(grant, ledger, options.tenants)) {
          const start = performance.now();
          await rebuild(one, how);
          const entries = await followed(one, how);
          ledgers.push({ ledger: one.name, entries, durationMs: Math.round(performance.now() - start) });
        }
        return { projection: name, ledgers };
      },
    },
  ];
}

/** Up to which index the ledger was followed. @throws unavailable while another process holds the lease for long */
async function followed(ledger: Ledger, how: Parameters<typeof follow>[1]): Promise<number> {
  const until = performance.now() + waitMaxMs;
  for (;;) {
    const cursor = await follow(ledger, how);
    if (cursor !== undefined) return cursor;
    if (performance.now() > until) {
      throw new AuditError('unavailable', {
        detail: `${how.projection.name} of ledger ${ledger.name} is made anew by another server`,
        retryAfterSeconds: 15,
      });
    }
    await sleep(lookAgainAfterMs);
  }
}
