import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuditError } from '../audit-error.ts';

/** How large a body may be, as it is sent and inflated. */
export interface BodyLimits {
  readonly bodyMaxBytes: number;
  readonly inflatedMaxBytes: number;
}

/** Takes room for a request's body until its answer is done with. @throws too_many_requests */
export type BodyBudget = (tenant: number, request: FastifyRequest, reply: FastifyReply) => void;

/**
 * Bodies being read, admitted or stored at once, over all callers: beyond, they are told to come back. On its way an event
 * takes up to eight times its size.
 */
const bodiesBytesMax = 48 * 1024 * 1024;
/** Of one tenant: one that sends slowly leaves the others their room. No body counts as more, or it would never be let in. */
const tenantBytesMax = 32 * 1024 * 1024;

/** How much larger than itself a gzip body is counted; events compress about tenfold. */
const inflatedTimes = 10;

/** Counts bodies under way. What is reserved comes back when the connection has done with the answer, however it ended. */
export function createBodyBudget(limits: BodyLimits): BodyBudget {
  const byTenant = new Map<number, number>();
  let bytes = 0;
  const add = (tenant: number, length: number): void => {
    bytes += length;
    const own = (byTenant.get(tenant) ?? 0) + length;
    if (own > 0) byTenant.set(tenant, own);
    else byTenant.delete(tenant);
  };
  return (tenant, request, reply) => {
    const length = Math.min(expectedBytes(request, limits), tenantBytesMax);
    if (length === 0) return;
    const own = byTenant.get(tenant) ?? 0;
    if (bytes + length > bodiesBytesMax || own + length > tenantBytesMax)
      throw new AuditError('too_many_requests', { retryAfterSeconds: 1 });
    add(tenant, length);
    reply.raw.once('close', () => add(tenant, -length));
  };
}

/** What a body may take: as announced; compressed ones grow, and chunked ones tell nothing. */
function expectedBytes({ method, headers }: FastifyRequest, limits: BodyLimits): number {
  if (method === 'GET' || method === 'DELETE') return 0;
  const announced = Number(headers['content-length'] ?? limits.bodyMaxBytes / 4) || 0;
  if (headers['content-encoding'] === undefined) return Math.min(announced, limits.bodyMaxBytes);
  return Math.min(announced * inflatedTimes, limits.inflatedMaxBytes);
}
