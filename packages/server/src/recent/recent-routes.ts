import { z } from 'zod';
import type { Grant, Ledger, Tenants } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { RecentStore } from './open-recent.ts';
import type { Recent } from './recent.ts';
import { countOfKey } from './count-of-key.ts';
import type { ReadContext } from '../read/index.ts';
import { reachedLedgers } from '../access/index.ts';
import { defineRoute, jsonAnswer, type Route } from '../http/index.ts';

const name = z.string().min(1).max(200);
const syncInput = z.strictObject({
  ledger: name.optional(),
  days: z.int().min(1).max(90).optional(),
  only: z.record(name, name).optional(),
});
const statusView = z.object({
  store: z.enum(['redis', 'memory', 'off']),
  state: z.enum(['asked', 'resting', 'off']),
  days: z.int(),
  entriesMaxPerKey: z.int(),
  entriesMaxPerLedger: z.int(),
  indexes: z.array(z.array(z.string())),
  counters: z.object({
    hits: z.int(),
    misses: z.int(),
    fallbacks: z.int(),
    refused: z.int(),
    stored: z.int(),
    fills: z.int(),
    errors: z.int(),
  }),
  ledgers: z.array(
    z.object({
      ledger: z.string(),
      entries: z.int(),
      upTo: z.int().nullable(),
      since: z.string().nullable(),
      complete: z.boolean(),
      keys: z.int().nullable(),
      bytes: z.int().nullable(),
    }),
  ),
});
const syncView = z.object({
  ledgers: z.array(
    z.object({
      ledger: z.string(),
      entries: z.int(),
      ofKey: z.int().optional(),
      durationMs: z.number(),
      error: z.string().optional(),
    }),
  ),
});
const clearView = z.object({ ledgers: z.array(z.object({ ledger: z.string(), keys: z.int() })) });

export interface RecentRouteOptions {
  tenants: Tenants;
  read: ReadContext;
  /** Undefined: turned off. */
  store: RecentStore | undefined;
}

/** Routes that show, fill and empty the store of the newest entries. Operators reach the ledgers of every tenant. */
export function recentRoutes(options: RecentRouteOptions): Route[] {
  return [statusRoute(options), syncRoute(options), clearRoute(options)];
}

function statusRoute({ tenants, store }: RecentRouteOptions): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/recent',
    summary: 'The content of the recent store, and how often it answered since the start of this server',
    permission: 'admin',
    query: z.object({ ledger: name.optional() }),
    answer: jsonAnswer(statusView),
    handle: async ({ grant, query }) =>
      statusOf(store?.recent, await reachedLedgers(grant, query.ledger, tenants)),
  });
}

function syncRoute({ tenants, read, store }: RecentRouteOptions): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/recent/sync',
    summary: 'Fill the recent store again from the database; safe during writes',
    permission: 'admin',
    body: syncInput,
    record: { action: 'recent.sync', each: true },
    answer: jsonAnswer(syncView),
    async handle({ grant, body }) {
      const running = requireStore(store);
      const ledgers: z.infer<typeof syncView>['ledgers'] = [];
      for (const ledger of await reachedLedgers(grant, body.ledger, tenants))
        ledgers.push(await syncLedger(ledger, { grant, body, read, store: running }));
      return { ledgers };
    },
  });
}

/**
 * Fills one ledger. A failure is reported in its row, so that the other ledgers are filled. @throws AuditError for a bad
 * request
 */
async function syncLedger(
  ledger: Ledger,
  options: { grant: Grant; body: z.infer<typeof syncInput>; read: ReadContext; store: RecentStore },
): Promise<z.infer<typeof syncView>['ledgers'][number]> {
  const { grant, body, read, store } = options;
  const start = performance.now();
  const durationMs = (): number => Math.round(performance.now() - start);
  let entries = 0;
  try {
    entries = await store.recent.sync(ledger, { days: body.days });
    const wanted = body.only && { ledger, fields: body.only };
    const ofKey = wanted && (await countOfKey(grant, wanted, { ...store, read }));
    return {
      ledger: ledger.name,
      entries,
      durationMs: durationMs(),
      ...(ofKey === undefined ? {} : { ofKey }),
    };
  } catch (error) {
    if (error instanceof AuditError && error.status === 400) throw error;
    return { ledger: ledger.name, entries, durationMs: durationMs(), error: messageOf(error) };
  }
}

function clearRoute({ tenants, store }: RecentRouteOptions): Route {
  return defineRoute({
    method: 'DELETE',
    path: '/v1/recent',
    summary: 'Empty the recent store for every server at once; deletes only its own keys',
    permission: 'admin',
    query: z.object({ ledger: name.optional() }),
    record: { action: 'recent.clear', each: true },
    answer: jsonAnswer(clearView),
    async handle({ grant, query }) {
      const { recent } = requireStore(store);
      const ledgers: z.infer<typeof clearView>['ledgers'] = [];
      for (const ledger of await reachedLedgers(grant, query.ledger, tenants))
        ledgers.push({ ledger: ledger.name, keys: await recent.clear(ledger).catch(refuseClear) });
      return { ledgers };
    },
  });
}

function refuseClear(cause: unknown): never {
  throw new AuditError('unavailable', {
    detail:
      'the stored entries are not used any more, but their keys could not be deleted; they expire by themselves',
    operatorText: messageOf(cause),
    cause,
  });
}

/** @throws unavailable when the store is turned off */
function requireStore(store: RecentStore | undefined): RecentStore {
  if (store) return store;
  throw new AuditError('unavailable', { detail: 'the recent store is turned off (BITACORA_RECENT)' });
}

async function statusOf(
  recent: Recent | undefined,
  ledgers: readonly Ledger[],
): Promise<z.infer<typeof statusView>> {
  if (!recent) {
    const counters = { hits: 0, misses: 0, fallbacks: 0, refused: 0, stored: 0, fills: 0, errors: 0 };
    return {
      store: 'off',
      state: 'off',
      days: 0,
      entriesMaxPerKey: 0,
      entriesMaxPerLedger: 0,
      indexes: [],
      counters,
      ledgers: [],
    };
  }
  const { days, entriesMaxPerKey, entriesMaxPerLedger, indexes } = recent.settings;
  const rows = await Promise.all(ledgers.map((ledger) => recent.status(ledger)));
  const { kind, state } = recent.store();
  return {
    store: kind,
    state,
    days,
    entriesMaxPerKey,
    entriesMaxPerLedger,
    indexes: indexes.map((fields) => [...fields]),
    counters: { ...recent.counters },
    ledgers: rows.map((row) => ({
      ...row,
      since: row.since === null ? null : new Date(row.since).toISOString(),
    })),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
