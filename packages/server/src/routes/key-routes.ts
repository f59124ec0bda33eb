import { z } from 'zod';
import {
  isWithin,
  requireAllLedgers,
  requireWhole,
  readNetwork,
  scopes,
  type ApiKey,
  type ApiKeys,
  type Grant,
  type Tenant,
  type Tenants,
} from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { defineRoute, jsonAnswer, noContent, type Route } from '../http/index.ts';
import { reportAct, type Ingest } from '../ingest/index.ts';

const addressesMax = 100;
const keyView = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(scopes)),
  ledgers: z.array(z.string()).nullable(),
  addresses: z.array(z.string()).nullable(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
});
const network = z
  .string()
  .refine((text) => readNetwork(text) !== undefined, 'must be an address or a network');
const keyInput = z.strictObject({
  name: z.string().min(1).max(100),
  scopes: z.array(z.enum(scopes)).min(1),
  tenant: z.string().optional(),
  ledgers: z.array(z.string()).min(1).optional(),
  addresses: z.array(network).min(1).max(addressesMax).optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});

export interface KeyRouteOptions {
  tenants: Tenants;
  apiKeys: ApiKeys;
  ingest: Ingest;
}

/** Routes for API keys. Making and revoking a key is recorded in the tenant's own audit ledger. */
export function keyRoutes(options: KeyRouteOptions): Route[] {
  return [keysRoute(options), makeKeyRoute(options), revokeKeyRoute(options)];
}

function keysRoute({ apiKeys }: KeyRouteOptions): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/keys',
    summary: 'The API keys of the tenant, without their secrets',
    permission: 'admin',
    answer: jsonAnswer(z.object({ keys: z.array(keyView) })),
    async handle({ grant }) {
      requireWhole(grant);
      const keys = await apiKeys.list(grant.tenant.id);
      return { keys: keys.filter((key) => isWithinGrant(key, grant)).map(shownKey) };
    },
  });
}

function makeKeyRoute({ apiKeys, tenants, ingest }: KeyRouteOptions): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/keys',
    summary: 'Make an API key; its secret is in this answer and nowhere else',
    permission: 'admin',
    body: keyInput,
    answer: jsonAnswer(z.object({ key: keyView, secret: z.string() }), 201),
    async handle({ grant, body }) {
      const { name, scopes: wanted, expiresAt } = body;
      requireWhole(grant);
      requireGrantable(grant, wanted);
      const tenant = await tenantOf(grant, body.tenant, tenants);
      const created = await apiKeys.create({
        tenant: tenant.id,
        name,
        scopes: wanted,
        ...ledgersOfKey(grant, body.ledgers),
        ...addressesOfKey(grant, body.addresses),
        ...endOfKey(grant, expiresAt),
      });
      const targets = [{ type: 'key', id: created.key.id, name }];
      const act = { action: 'key.create', operation: 'create', targets, tenant } as const;
      await reportAct(grant, act, { tenants, ingest });
      return { key: shownKey(created.key), secret: created.secret };
    },
  });
}

function revokeKeyRoute({ apiKeys, tenants, ingest }: KeyRouteOptions): Route {
  return defineRoute({
    method: 'DELETE',
    path: '/v1/keys/{id}',
    summary: 'Revoke an API key, everywhere within two seconds',
    permission: 'admin',
    params: z.object({ id: z.string() }),
    answer: noContent,
    async handle({ grant, params: { id }, reply }) {
      requireWhole(grant);
      const key = (await apiKeys.list(grant.tenant.id)).find((candidate) => candidate.id === id);
      if (!key || !isWithinGrant(key, grant))
        throw new AuditError('not_found', { parameter: 'id', detail: 'there is no such key' });
      requireAboveKey(grant, key);
      await apiKeys.revoke(grant.tenant.id, id);
      const act = { action: 'key.revoke', operation: 'delete', targets: [{ type: 'key', id }] } as const;
      await reportAct(grant, act, { tenants, ingest });
      return reply.code(204).send();
    },
  });
}

/** Whether a caller may know of a key: one that is limited to some ledgers sees only keys of these. */
function isWithinGrant(key: ApiKey, { ledgerNames, caller }: Grant): boolean {
  if (ledgerNames === null || key.id === caller.id) return true;
  return key.ledgers !== null && key.ledgers.every((name) => ledgerNames.includes(name));
}

/** The key of an operator reaches all tenants, so an administrator of one cannot revoke it. @throws forbidden */
function requireAboveKey(grant: Grant, key: ApiKey): void {
  if (!key.scopes.includes('operator') || grant.permissions.has('operator')) return;
  throw new AuditError('forbidden', { parameter: 'id', detail: 'this is the key of an operator' });
}

/** @throws forbidden for a scope that the caller may not give to others */
function requireGrantable(grant: Grant, wanted: z.infer<typeof keyInput>['scopes']): void {
  const beyond = wanted.find((scope) => !grant.grantable.has(scope));
  if (beyond === undefined) return;
  throw new AuditError('forbidden', {
    parameter: 'scopes',
    detail: `you may not give the scope ${beyond}`,
  });
}

/** A key that is limited to some ledgers can only make keys for these. */
function ledgersOfKey(grant: Grant, wanted: string[] | undefined): { ledgers?: string[] } {
  const allowed = grant.ledgerNames;
  if (allowed === null) return wanted ? { ledgers: wanted } : {};
  const beyond = wanted?.find((name) => !allowed.includes(name));
  if (beyond !== undefined) {
    throw new AuditError('forbidden', {
      parameter: 'ledgers',
      detail: `this key itself has no access to ${beyond.slice(0, 100)}`,
    });
  }
  return { ledgers: wanted ?? [...allowed] };
}

/**
 * A key that is limited to some networks can make keys only for these networks. Otherwise it could make a key that escapes
 * the limit.
 */
function addressesOfKey(grant: Grant, wanted: string[] | undefined): { addresses?: string[] } {
  const allowed = grant.addresses;
  if (allowed === undefined) return wanted ? { addresses: wanted } : {};
  const beyond = wanted?.find((address) => !isWithin(address, allowed));
  if (beyond !== undefined) {
    throw new AuditError('forbidden', {
      parameter: 'addresses',
      detail: `this key itself is not accepted from all of ${beyond.slice(0, 100)}`,
    });
  }
  return { addresses: wanted ?? [...allowed] };
}

/** A key that ends can make only keys that end no later: otherwise it could outlive its end. @throws forbidden */
function endOfKey({ expiresAt: own }: Grant, wanted: string | undefined): { expiresAt?: number } {
  const end = wanted === undefined ? own : Date.parse(wanted);
  if (end === undefined) return {};
  if (own === undefined || end <= own) return { expiresAt: end };
  throw new AuditError('forbidden', {
    parameter: 'expiresAt',
    detail: `this key ends at ${new Date(own).toISOString()} itself`,
  });
}

async function tenantOf(grant: Grant, wanted: string | undefined, tenants: Tenants): Promise<Tenant> {
  if (wanted === undefined || wanted === grant.tenant.name) return grant.tenant;
  requireAllLedgers(grant);
  const tenant = grant.permissions.has('operator') ? await tenants.find(wanted) : undefined;
  if (tenant) return tenant;
  throw new AuditError('not_found', {
    parameter: 'tenant',
    detail: `there is no tenant ${wanted.slice(0, 100)}`,
  });
}

function shownKey(key: ApiKey): z.infer<typeof keyView> {
  const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  return {
    id: key.id,
    name: key.name,
    scopes: key.scopes,
    ledgers: key.ledgers,
    addresses: key.addresses,
    createdAt: new Date(key.createdAt).toISOString(),
    expiresAt: iso(key.expiresAt),
    revokedAt: iso(key.revokedAt),
    lastUsedAt: iso(key.lastUsedAt),
  };
}
