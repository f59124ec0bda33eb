import { z } from 'zod';
import { recordsOf, type ApiKeys, type Directory, type Tenants } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { Ingest } from '../ingest/index.ts';
import { keyRoutes } from './key-routes.ts';
import { reportAct } from '../ingest/index.ts';
import type { Route } from '../http/index.ts';

const json = 'application/json; charset=utf-8';
const name = z.string().min(1).max(100);
const ledgerView = z.object({ name: z.string(), origin: z.string(), retentionDays: z.int().nullable() });
const directoryView = z.object({
  type: z.string(),
  id: z.string(),
  fields: z.record(z.string(), z.unknown()),
  updatedAt: z.string(),
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
