import { z } from 'zod';
import {
  isWithin,
  readNetwork,
  scopes,
  type ApiKey,
  type ApiKeys,
  type Grant,
  type Tenant,
  type Tenants,
} from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { Ingest } from '../ingest/index.ts';
import { reportAct } from '../ingest/index.ts';
import type { Route } from '../http/index.ts';

const json = 'application/json; charset=utf-8';
const name = z.string().min(1).max(100);
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
const keyInput = z.strictObject({
  name,
  scopes: z.array(z.enum(scopes)).min(1),
  tenant: z.string().optional(),
  ledgers: z.array(z.string()).min(1).optional(),
  addresses: z
    .array(z.string().refine((text) => readNetwork(text) !== undefined, 'must be an address or a network'))
    .min(1)
    .max(addressesMax)
    .optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});

export interface KeyRouteOptions {
  tenants: Tenants;
  apiKeys: ApiKeys;
  ingest: Ingest;
}

/** API keys. Making and revoking one is an event of the tenant's own audit ledger. */
export function keyRoutes({ apiKeys, tenants, ingest }: KeyRouteOptions): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/keys',
      summary: 'The API keys of the tenant, without their secrets',
      scope: 'admin',
      answer: { status: 200, mediaType: json, schema: z.object({ keys: z.array(keyView) }) },
      handle: async ({ grant }) => ({ keys: (await apiKeys.list(grant.tenant.id)).map(shownKey) }),
    },
    {
      method: 'POST',
      path: '/v1/keys',
      summary: 'Make an API key; its secret is in this answer and nowhere else',
      scope: 'admin',
      body: keyInput,
      answer: { status: 201, mediaType: json, schema: z.object({ key: keyView, secret: z.string() }) },
      async handle({ grant, body }) {
        const input = body as z.infer<typeof keyInput>;
        const beyond = input.scopes.find((scope) => !grant.grantable.has(scope));
        if (beyond !== undefined)
          throw new AuditError('forbidden', {
            parameter: 'scopes',
            detail: `you may not give the scope ${beyond}`,
          });
        const tenant = await tenantOf(grant, input.tenant, tenants);
        const expiresAt = input.expiresAt === undefined ? {} : { expiresAt: Date.parse(input.expiresAt) };
        const ledgers = ledgersOfKey(grant, input.ledgers);
        const made = await apiKeys.create({
          tenant: tenant.id,
          name: input.name,
          scopes: input.scopes,
          ...ledgers,
          ...addressesOfKey(grant, input.addresses),
          ...expiresAt,
        });
        await reportAct(
          grant,
          {
            action: 'key.create',
            operation: 'create',
            targets: [{ type: 'key', id: made.key.id, name: input.name }],
            tenant,
          },
          { tenants, ingest },
        );
        return { key: shownKey(made.key), secret: made.secret };
      },
    },
    {
      method: 'DELETE',
      path: '/v1/keys/{id}',
      summary: 'Revoke an API key, everywhere within two seconds',
      scope: 'admin',
      answer: { status: 204, mediaType: json },
      async handle({ grant, params, reply }) {
        const id = params['id'] ?? '';
        await apiKeys.revoke(grant.tenant.id, id);
        await reportAct(
          grant,
          { action: 'key.revoke', operation: 'delete', targets: [{ type: 'key', id }] },
          { tenants, ingest },
        );
        return reply.code(204).send();
      },
    },
  ];
}

/** A key that may touch some ledgers only makes keys for no more than these. */
function ledgersOfKey(grant: Grant, wanted: string[] | undefined): { ledgers?: string[] } {
  const own = grant.ledgerNames;
  if (own === null) return wanted ? { ledgers: wanted } : {};
  const beyond = wanted?.find((name) => !own.includes(name));
  if (beyond !== undefined) {
    throw new AuditError('forbidden', {
      parameter: 'ledgers',
      detail: `this key may not touch ${beyond.slice(0, 100)} itself`,
    });
  }
  return { ledgers: wanted ?? [...own] };
}

/** A key that is taken from some networks only makes keys for no others: they would be a way around that. */
function addressesOfKey(grant: Grant, wanted: string[] | undefined): { addresses?: string[] } {
  const own = grant.addresses;
  if (own === undefined) return wanted ? { addresses: wanted } : {};
  const beyond = wanted?.find((address) => !isWithin(address, own));
  if (beyond !== undefined) {
    throw new AuditError('forbidden', {
      parameter: 'addresses',
      detail: `this key is not taken from all of ${beyond.slice(0, 100)} itself`,
    });
  }
  return { addresses: wanted ?? [...own] };
}

async function tenantOf(grant: Grant, wanted: string | undefined, tenants: Tenants): Promise<Tenant> {
  if (wanted === undefined || wanted === grant.tenant.name) return grant.tenant;
  const found = grant.permissions.has('operator') ? await tenants.find(wanted) : undefined;
  if (!found)
    throw new AuditError('not_found', {
      parameter: 'tenant',
      detail: `there is no tenant ${wanted.slice(0, 100)}`,
    });
  return found;
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
