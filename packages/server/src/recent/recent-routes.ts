import { z } from 'zod';
import type { Grant, Ledger, Tenants } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { RecentStore } from './open-recent.ts';
import type { Recent } from './recent.ts';
import { countOfKey } from './count-of-key.ts';
import type { ReadContext } from '../read/index.ts';
import { reachedLedgers } from '../access/index.ts';
import type { Route } from '../http/index.ts';

const json = 'application/json; charset=utf-8';
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

/** The newest entries beside the database: what is held, made anew, emptied. An operator reaches every tenant's ledgers. */
export function recentRoutes(options: {
  tenants: Tenants;
  read: ReadContext;
  store: RecentStore | undefined;
}): Route[] {
  const { tenants, read, store } = options;
  const reached = (grant: Grant, wanted: string | undefined): Promise<Ledger[]> =>
    reachedLedgers(grant, wanted, tenants);
  const turnedOn = (): RecentStore => {
    if (store) return store;
    throw new AuditError('unavailable', { detail: 'the recent store is turned off (BITACORA_RECENT)' });
  };
  return [
    {
      method: 'GET',
      path: '/v1/recent',
      summary: 'What the recent store holds, and how often it answered since the start of this server',
      permission: 'admin',
      query: z.object({ ledger: name.optional() }),
      answer: { status: 200, mediaType: json, schema: statusView },
      async handle({ grant, query }) {
        const ledgers = await reached(grant, textOf(query['ledger']));
        return statusOf(store?.recent, ledgers);
      },
    },
    {
      method: 'POST',
      path: '/v1/recent/sync',
      summary: 'Fill the recent store anew from the database; also while events are written',
      permission: 'admin',
      body: syncInput,
      record: { action: 'recent.sync', each: true },
      answer: { status: 200, mediaType: json, schema: syncView },
      async handle({ grant, body }) {
        const { ledger, days, only } = body as z.infer<typeof syncInput>;
        const { recent, source } = turnedOn();
        const ledgers: z.infer<typeof syncView>['ledgers'] = [];
        for (const one of await reached(grant, ledger)) {
          const start = performance.now();
          const row = { ledger: one.name, entries: 0, durationMs: 0 };
          ledgers.push(row);
          try {
            row.entries = await recent.sync(one, { days });
            const ofKey =
              only && (await countOfKey(grant, { ledger: one, fields: only }, { recent, source, read }));
            if (ofKey !== undefined) Object.assign(row, { ofKey });
          } catch (error) {
            if (error instanceof AuditError && error.status === 400) throw error;
            Object.assign(row, { error: messageOf(error) });
          }
          row.durationMs = Math.round(performance.now() - start);
        }
        return { ledgers };
      },
    },
    {
      method: 'DELETE',
      path: '/v1/recent',
      summary: 'Empty the recent store: its own keys only, for every server at once',
      permission: 'admin',
      query: z.object({ ledger: name.optional() }),
      record: { action: 'recent.clear', each: true },
      answer: { status: 200, mediaType: json, schema: clearView },
      async handle({ grant, query }) {
        const { recent } = turnedOn();
        const ledgers: z.infer<typeof clearView>['ledgers'] = [];
        for (const one of await reached(grant, textOf(query['ledger']))) {
          const keys = await recent.clear(one).catch((cause: unknown) => {
            throw new AuditError('unavailable', {
              detail:
                'nothing of it is used any more, but its keys could not be deleted; they expire by themselves',
              operatorText: messageOf(cause),
              cause,
            });
          });
          ledgers.push({ ledger: one.name, keys });
        }
        return { ledgers };
      },
    },
  ];
}

async function statusOf(
  recent: Recent | undefined,
  ledgers: readonly Ledger[],
): Promise<z.infer<typeof statusView>> {
  if (!recent) {
    const counters = { hits: 0, misses: 0, fallbacks: 0, refused: 0, stored: 0, fills: 0, errors: 0 };
    const none = { days: 0, entriesMaxPerKey: 0, entriesMaxPerLedger: 0, indexes: [], ledgers: [] };
    return { store: 'off', state: 'off', counters, ...none };
  }
  const { days, entriesMaxPerKey, entriesMaxPerLedger, indexes } = recent.settings;
  const rows = await Promise.all(ledgers.map((ledger) => recent.status(ledger)));
  const { kind, state } = recent.store();
  return {
    ...{ store: kind, state, days, entriesMaxPerKey, entriesMaxPerLedger },
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

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
