import { z } from 'zod';
import { requirePermission } from '../access/index.ts';
import { defineRoute, jsonAnswer, type Route } from '../http/index.ts';
import { checkpoint, retention, tile, verifierKey, type ReadContext } from '../read/index.ts';

const plainText = { status: 200, mediaType: 'text/plain; charset=utf-8' };
const ledgerParams = z.object({ ledger: z.string() });
const retentionView = z.object({
  minimumIndex: z.int(),
  purges: z.array(
    z.object({
      segment: z.int(),
      firstIndex: z.int(),
      endIndex: z.int(),
      retentionDays: z.int(),
      purgedAt: z.string(),
    }),
  ),
});

/** The C2SP tlog-tiles endpoints of each ledger, and the key that checks its checkpoints. */
export function treeRoutes(context: ReadContext): Route[] {
  return [checkpointRoute(context), keyRoute(context), minimumIndexRoute(context), tileRoute(context)];
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

function minimumIndexRoute(context: ReadContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/tlog/{ledger}/retention',
    summary: 'The minimum index (C2SP tlog-tiles, pruning), and the purges that made it; not signed',
    permission: 'read',
    params: ledgerParams,
    answer: jsonAnswer(retentionView),
    async handle({ grant, params, reply }) {
      void reply.header('cache-control', 'no-cache');
      const { minimumIndex, purges } = await retention(grant, params.ledger, context);
      return {
        minimumIndex,
        purges: purges.map(({ segment, firstIndex, endIndex, retentionDays, purgedAt }) => ({
          segment,
          firstIndex,
          endIndex,
          retentionDays,
          purgedAt: new Date(purgedAt).toISOString(),
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
