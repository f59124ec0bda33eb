import { z } from 'zod';
import { requirePermission, type Tenants } from '../access/index.ts';
import { defineRoute, jsonAnswer, type Route } from '../http/index.ts';
import { auditLedgerOf } from '../ingest/index.ts';
import { checkpoint, indexesOf, retention, tile, verifierKey, type ReadContext } from '../read/index.ts';

const plainText = { status: 200, mediaType: 'text/plain; charset=utf-8' };
const ledgerParams = z.object({ ledger: z.string() });
const provedEntry = z
  .object({ index: z.int(), entry: z.string(), proof: z.string() })
  .nullable()
  .describe('The bytes of an entry of the audit ledger, and its inclusion proof (C2SP tlog-proof)');
const idsMax = 1_000;
const retentionView = z.object({
  minimumIndex: z.int(),
  auditLedger: z.string(),
  period: provedEntry,
  purges: z.array(
    z.object({
      segment: z.int(),
      firstIndex: z.int(),
      endIndex: z.int(),
      retentionDays: z.int(),
      purgedAt: z.string(),
      notice: provedEntry,
    }),
  ),
});

/** The C2SP tlog-tiles endpoints of each ledger, and the key that checks its checkpoints. */
export function treeRoutes(context: ReadContext, tenants: Tenants): Route[] {
  return [
    checkpointRoute(context),
    keyRoute(context),
    minimumIndexRoute(context, tenants),
    tileRoute(context),
    indexesRoute(context),
  ];
}

function checkpointRoute(context: ReadContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/tlog/{ledger}/checkpoint',
    summary: 'The newest signed checkpoint',
    permission: 'read',
    params: ledgerParams,
    answer: plainText,
    async handle({ grant, params, reply }) {
      void reply.header('cache-control', 'no-cache');
      return checkpoint(grant, params.ledger, context);
    },
  });
}

function keyRoute(context: ReadContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/tlog/{ledger}/key',
    summary: 'The key that checks the checkpoints (C2SP vkey); pin it once',
    permission: 'read',
    params: ledgerParams,
    answer: plainText,
    handle: ({ grant, params }) => `${verifierKey(grant, params.ledger, context)}\n`,
  });
}

function minimumIndexRoute(context: ReadContext, tenants: Tenants): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/tlog/{ledger}/retention',
    summary:
      'The minimum index (C2SP tlog-tiles, pruning), and the purges that made it, each with the signed event that announced it',
    permission: 'read',
    params: ledgerParams,
    answer: jsonAnswer(retentionView),
    async handle({ grant, params, reply }) {
      void reply.header('cache-control', 'no-cache');
      const audit = await auditLedgerOf(grant.tenant, tenants);
      const stated = await retention(grant, params.ledger, { audit, context });
      return {
        ...stated,
        purges: stated.purges.map(({ segment, firstIndex, endIndex, retentionDays, purgedAt, notice }) => ({
          segment,
          firstIndex,
          endIndex,
          retentionDays,
          purgedAt: new Date(purgedAt).toISOString(),
          notice,
        })),
      };
    },
  });
}

function tileRoute(context: ReadContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/tlog/{ledger}/tile/{path*}',
    summary: 'A tile of hashes, or with tile/entries/… a bundle of entry bytes (scope tree)',
    permission: 'read',
    record: { action: 'tree.download' },
    params: ledgerParams.extend({ path: z.string() }),
    answer: { status: 200, mediaType: 'application/octet-stream' },
    async handle({ grant, params, reply }) {
      const path = `tile/${params.path}`;
      if (path.startsWith('tile/entries/')) requirePermission(grant, 'tree');
      const bytes = await tile(grant, params.ledger, path, context);
      return reply
        .header('cache-control', 'private, max-age=86400')
        .type('application/octet-stream')
        .send(bytes);
    },
  });
}

function indexesRoute(context: ReadContext): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/tlog/{ledger}/indexes',
    summary:
      'The index of each of these event ids, to compare it with the entries; an id that is not there is left out',
    permission: 'read',
    params: ledgerParams,
    body: z.strictObject({ ids: z.array(z.uuid()).min(1).max(idsMax) }),
    answer: jsonAnswer(z.object({ indexes: z.array(z.object({ id: z.string(), index: z.int() })) })),
    async handle({ grant, params, body }) {
      const ids = body.ids.map((id) => id.toLowerCase());
      const indexes = await indexesOf(grant, { ledger: params.ledger, ids }, context);
      return { indexes: [...indexes].map(([id, index]) => ({ id, index })) };
    },
  });
}
