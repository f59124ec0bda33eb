import { z } from 'zod';
import { requireAllLedgers, requireTenant, type Tenants } from '../access/index.ts';
import { defineRoute, jsonAnswer, type Route } from '../http/index.ts';
import { recordLedger, reportAct, type Ingest } from '../ingest/index.ts';

const name = z.string().min(1).max(100);
const tenantView = z.object({ name: z.string() });
const ledgerView = z.object({ name: z.string(), origin: z.string(), retentionDays: z.int().nullable() });
const retentionDaysMax = 32_000;

export interface LedgerRouteOptions {
  tenants: Tenants;
  ingest: Ingest;
}

/** Routes for tenants and ledgers. Making one is recorded in the tenant's own audit ledger. */
export function ledgerRoutes(options: LedgerRouteOptions): Route[] {
  return [tenantsRoute(options), makeTenantRoute(options), ledgersRoute(), makeLedgerRoute(options)];
}

function tenantsRoute({ tenants }: LedgerRouteOptions): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/tenants',
    summary: 'All tenants of the installation',
    permission: 'operator',
    answer: jsonAnswer(z.object({ tenants: z.array(tenantView) })),
    async handle({ grant }) {
      requireAllLedgers(grant);
      return { tenants: (await tenants.list()).map((tenant) => ({ name: tenant.name })) };
    },
  });
}

function makeTenantRoute({ tenants, ingest }: LedgerRouteOptions): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/tenants',
    summary: 'Make a tenant with its default ledger and its audit ledger',
    permission: 'operator',
    body: z.strictObject({ name }),
    answer: jsonAnswer(tenantView, 201),
    async handle({ grant, body }) {
      requireAllLedgers(grant);
      const tenant = await tenants.create(body.name);
      const targets = [{ type: 'tenant', id: tenant.name }];
      const act = { action: 'tenant.create', operation: 'create', targets, tenant } as const;
      await reportAct(grant, act, { tenants, ingest });
      return { name: tenant.name };
    },
  });
}

function ledgersRoute(): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/ledgers',
    summary: 'The ledgers this key may touch',
    permission: 'read',
    answer: jsonAnswer(z.object({ ledgers: z.array(ledgerView) })),
    handle: ({ grant }) => ({ ledgers: grant.ledgers.map(shownLedger) }),
  });
}

function makeLedgerRoute(options: LedgerRouteOptions): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/ledgers',
    summary: 'Make another ledger, with its own retention period',
    permission: 'admin',
    body: z.strictObject({ name, retentionDays: z.int().min(1).max(retentionDaysMax).optional() }),
    answer: jsonAnswer(ledgerView, 201),
    async handle({ grant, body }) {
      requireTenant(grant);
      const { name: suffix, retentionDays } = body;
      return shownLedger(await recordLedger(grant, { suffix, retentionDays }, options));
    },
  });
}

function shownLedger(ledger: z.infer<typeof ledgerView>): z.infer<typeof ledgerView> {
  return { name: ledger.name, origin: ledger.origin, retentionDays: ledger.retentionDays };
}
