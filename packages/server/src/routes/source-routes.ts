import { z } from 'zod';
import { requireTenant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { defineRoute, jsonAnswer, noContent, queryShapes, type Route } from '../http/index.ts';
import { isInstance, readRanges, type Sources } from '../ingest/index.ts';

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
const sourceLimits = { default: 100, max: 1_000 };

/** Routes that list which instances send events, and which of their events never arrived. */
export function sourceRoutes(sources: Sources): Route[] {
  return [sourcesRoute(sources), reportRoute(sources)];
}

function sourcesRoute(sources: Sources): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/sources',
    summary: 'The instances that send events, with the numbers of events that never arrived',
    permission: 'read.all',
    query: z.object({ limit: queryShapes.wholeNumber(sourceLimits.max).optional() }),
    answer: jsonAnswer(z.object({ sources: z.array(sourceView) })),
    async handle({ grant, query }) {
      requireTenant(grant);
      return { sources: await sources.list(grant.tenant.id, query.limit ?? sourceLimits.default) };
    },
  });
}

function reportRoute(sources: Sources): Route {
  return defineRoute({
    method: 'PUT',
    path: '/v1/sources/{instance}',
    summary: 'The report of an instance about itself: at its start, in between, and when it closes',
    permission: 'ingest',
    params: z.object({ instance: z.string() }),
    body: reportInput,
    answer: noContent,
    async handle({ grant, params, body, reply }) {
      if (!isInstance(params.instance))
        throw new AuditError('invalid_parameter', {
          parameter: 'instance',
          detail: 'must be 16 to 64 letters of base64url',
        });
      const unsent = readRanges(body.unsent, 'unsent');
      await sources.report(grant.tenant.id, params.instance, { ...body, unsent });
      return reply.code(204).send();
    },
  });
}
