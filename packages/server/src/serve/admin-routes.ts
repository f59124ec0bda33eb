import { z } from 'zod';
import {
  recordsOf,
  scopes,
  type ApiKey,
  type ApiKeys,
  type Directory,
  type Grant,
  type Tenant,
  type Tenants,
} from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { Ingest } from '../ingest/index.ts';
import { reportAct } from './report-act.ts';
import type { Route } from './route.ts';

const json = 'application/json; charset=utf-8';
const name = z.string().min(1).max(100);
const keyView = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(scopes)),
  ledgers: z.array(z.string()).nullable(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
});
const ledgerView = z.object({ name: z.string(), origin: z.string(), retentionDays: z.int().nullable() });
const directoryView = z.object({
  type: z.string(),
  id: z.string(),
  fields: z.record(z.string(), z.unknown()),
  updatedAt: z.string(),
});
const keyInput = z.strictObject({
  name,
  scopes: z.array(z.enum(scopes)).min(1),
  tenant: z.string().optional(),
  ledgers: z.array(z.string()).min(1).optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});

export interface AdminOptions {
  tenants: Tenants;
  apiKeys: ApiKeys;
  directory: Directory;
  ingest: Ingest;
}

/** Tenants, ledgers, keys and the directory. Each change of the first three is an event of the tenant's own audit ledger. */
export function adminRoutes(options: AdminOptions): Route[] {
  return [...keyRoutes(options), ...ledgerRoutes(options), ...directoryRoutes(options)];
}

function keyRoutes({ apiKeys, tenants, ingest }: AdminOptions): Route[] {
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

function ledgerRoutes({ tenants, ingest }: AdminOptions): Route[] {
  const tenantInput = z.strictObject({ name });
  const ledgerInput = z.strictObject({ name, retentionDays: z.int().min(1).max(32_000).optional() });
  return [
    {
      method: 'GET',
      path: '/v1/tenants',
      summary: 'All tenants of the installation',
      scope: 'operator',
      answer: {
        status: 200,
        mediaType: json,
        schema: z.object({ tenants: z.array(z.object({ name: z.string() })) }),
      },
      handle: async () => ({ tenants: (await tenants.list()).map((tenant) => ({ name: tenant.name })) }),
    },
    {
      method: 'POST',
      path: '/v1/tenants',
      summary: 'Make a tenant with its default ledger and its audit ledger',
      scope: 'operator',
      body: tenantInput,
      answer: { status: 201, mediaType: json, schema: z.object({ name: z.string() }) },
      async handle({ grant, body }) {
        const tenant = await tenants.create((body as z.infer<typeof tenantInput>).name);
        await reportAct(
          grant,
          {
            action: 'tenant.create',
            operation: 'create',
            targets: [{ type: 'tenant', id: tenant.name }],
            tenant,
          },
          { tenants, ingest },
        );
        return { name: tenant.name };
      },
    },
    {
      method: 'GET',
      path: '/v1/ledgers',
      summary: 'The ledgers this key may touch',
      scope: 'read',
      answer: { status: 200, mediaType: json, schema: z.object({ ledgers: z.array(ledgerView) }) },
      handle: ({ grant }) =>
        Promise.resolve({
          ledgers: grant.ledgers.map(({ name: ledger, origin, retentionDays }) => ({
            name: ledger,
            origin,
            retentionDays,
          })),
        }),
    },
    {
      method: 'POST',
      path: '/v1/ledgers',
      summary: 'Make a further ledger, with a retention period of its own',
      scope: 'admin',
      body: ledgerInput,
      answer: { status: 201, mediaType: json, schema: ledgerView },
      async handle({ grant, body }) {
        const input = body as z.infer<typeof ledgerInput>;
        const made = await tenants.createLedger(grant.tenant, input.name, input.retentionDays);
        await reportAct(
          grant,
          { action: 'ledger.create', operation: 'create', targets: [{ type: 'ledger', id: made.name }] },
          { tenants, ingest },
        );
        return { name: made.name, origin: made.origin, retentionDays: made.retentionDays };
      },
    },
  ];
}

function directoryRoutes({ directory }: AdminOptions): Route[] {
  const fields = z.record(z.string(), z.unknown());
  return [
    {
      method: 'PUT',
      path: '/v1/directory/{type}/{id}',
      summary: 'Tell about a person or thing: the body holds its fields',
      scope: 'ingest',
      body: fields,
      answer: { status: 204, mediaType: json },
      async handle({ grant, params, body, reply }) {
        await directory.put(grant.tenant.id, { ...keyOf(params), fields: body as z.infer<typeof fields> });
        return reply.code(204).send();
      },
    },
    {
      method: 'GET',
      path: '/v1/directory/{type}/{id}',
      summary: 'What was told about a person or thing',
      scope: 'read',
      record: { action: 'directory.view' },
      answer: { status: 200, mediaType: json, schema: directoryView },
      async handle({ grant, params }) {
        const found = await directory.get(grant.tenant.id, keyOf(params), recordsOf(grant.reach));
        if (!found) throw new AuditError('not_found', { detail: 'the directory has no such record' });
        return { ...found, updatedAt: new Date(found.updatedAt).toISOString() };
      },
    },
    {
      method: 'DELETE',
      path: '/v1/directory/{type}/{id}',
      summary: 'Forget a record; entries keep what they copied',
      scope: 'ingest',
      answer: { status: 204, mediaType: json },
      async handle({ grant, params, reply }) {
        await directory.remove(grant.tenant.id, keyOf(params));
        return reply.code(204).send();
      },
    },
  ];
}

function keyOf(params: Readonly<Record<string, string>>): { type: string; id: string } {
  return { type: params['type'] ?? '', id: params['id'] ?? '' };
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
    createdAt: new Date(key.createdAt).toISOString(),
    expiresAt: iso(key.expiresAt),
    revokedAt: iso(key.revokedAt),
  };
}
