import { z } from 'zod';
import { checkpoint, retention, tile, verifierKey, type ReadContext } from '../read/index.ts';
import { requirePermission } from '../access/index.ts';
import type { Route } from '../http/index.ts';

const plain = 'text/plain; charset=utf-8';
const json = 'application/json; charset=utf-8';
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
  return [
    {
      method: 'GET',
      path: '/v1/tlog/{ledger}/checkpoint',
      summary: 'The newest signed checkpoint',
      scope: 'read',
      answer: { status: 200, mediaType: plain },
      async handle({ grant, params, reply }) {
        void reply.header('cache-control', 'no-cache');
        return checkpoint(grant, params['ledger'] ?? '', context);
      },
    },
    {
      method: 'GET',
      path: '/v1/tlog/{ledger}/key',
      summary: 'The key that checks the checkpoints (C2SP vkey); pin it once',
      scope: 'read',
      answer: { status: 200, mediaType: plain },
      handle: ({ grant, params }) =>
        Promise.resolve(`${verifierKey(grant, params['ledger'] ?? '', context)}\n`),
    },
    {
      method: 'GET',
      path: '/v1/tlog/{ledger}/retention',
      summary: 'The minimum index (C2SP tlog-tiles, pruning), and the purges that made it; not signed',
      scope: 'read',
      answer: { status: 200, mediaType: json, schema: retentionView },
      async handle({ grant, params, reply }) {
        void reply.header('cache-control', 'no-cache');
        const { minimumIndex, purges } = await retention(grant, params['ledger'] ?? '', context);
        return {
          minimumIndex,
          purges: purges.map(({ segment, firstIndex, endIndex, retentionDays, purgedAt }) => ({
            ...{ segment, firstIndex, endIndex, retentionDays },
            purgedAt: new Date(purgedAt).toISOString(),
          })),
        };
      },
    },
    {
      method: 'GET',
      path: '/v1/tlog/{ledger}/tile/{path*}',
      summary: 'A tile of hashes, or with tile/entries/… a bundle of entry bytes (scope tree)',
      scope: 'read',
      record: { action: 'tree.download' },
      answer: { status: 200, mediaType: 'application/octet-stream' },
      async handle({ grant, params, reply }) {
        const path = `tile/${params['path'] ?? ''}`;
        if (path.startsWith('tile/entries/')) requirePermission(grant, 'tree');
        const bytes = await tile(grant, params['ledger'] ?? '', path, context);
        void reply.header('cache-control', 'private, max-age=86400');
        return bytes;
      },
    },
  ];
}
