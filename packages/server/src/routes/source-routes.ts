import { z } from 'zod';
import { AuditError } from '../audit-error.ts';
import { isInstance, readRanges, type Sources } from '../ingest/index.ts';
import { queryShapes } from '../http/index.ts';
import type { Route } from '../http/index.ts';

const json = 'application/json; charset=utf-8';
const count = z.int().min(0);
const reportInput = z.strictObject({
  name: z.string().min(1).max(200),
  sdk: z.string().min(1).max(200),
  state: z.enum(['open', 'closed']),
  startedAt: z.iso.datetime({ offset: true }),
  sentAt: z.iso.datetime({ offset: true }),
  submitted: count,
  rejected: count.default(0),
  dropped: z.record(z.string().max(50), count).default({}),
  unsent: z.string().max(8_192).default(''),
  reportEveryMs: z.int().min(100).max(86_400_000).default(30_000),
});
const sourceView = z.object({
  instance: z.string(),
  name: z.string().nullable(),
  sdk: z.string().nullable(),
  state: z.enum(['open', 'closed', 'silent']),
  startedAt: z.string(),
  lastSeenAt: z.string(),
  skewMs: z.int().nullable(),
  submitted: z.int(),
  received: z.int(),
  rejected: z.int(),
  dropped: z.record(z.string(), z.int()),
  missingCount: z.int(),
  missing: z.array(z.object({ from: z.int(), to: z.int().nullable() })),
});
const limits = { default: 100, max: 1_000 };

/** Where events come from, and what never arrived. */
export function sourceRoutes(sources: Sources): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/sources',
      summary: 'The instances that send events, with the numbers of events that never arrived',
      scope: 'read.all',
      query: z.object({ limit: queryShapes.wholeNumber(limits.max).optional() }),
      answer: { status: 200, mediaType: json, schema: z.object({ sources: z.array(sourceView) }) },
      async handle({ grant, query }) {
        const limit = typeof query['limit'] === 'number' ? query['limit'] : limits.default;
        return { sources: await sources.list(grant.tenant.id, limit) };
      },
    },
    {
      method: 'PUT',
      path: '/v1/sources/{instance}',
      summary: 'What an instance says of itself: at its start, in between, and when it closes',
      scope: 'ingest',
      body: reportInput,
      answer: { status: 204, mediaType: json },
      async handle({ grant, params, body, reply }) {
        const instance = params['instance'] ?? '';
        if (!isInstance(instance))
          throw new AuditError('invalid_parameter', {
            parameter: 'instance',
            detail: 'must be 16 to 64 letters of base64url',
          });
        const input = body as z.infer<typeof reportInput>;
        const unsent = readRanges(input.unsent, 'unsent');
        await sources.report(grant.tenant.id, instance, { ...input, unsent });
        return reply.code(204).send();
      },
    },
  ];
}
