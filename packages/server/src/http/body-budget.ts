import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuditError } from '../audit-error.ts';

/** How large a body may be, as it is sent and after it is inflated. */
export interface BodyLimits {
  readonly bodyMaxBytes: number;
  readonly inflatedMaxBytes: number;
}

/** Reserves room for the body of a request until the answer has been sent. @throws too_many_requests */
export type BodyBudget = (tenant: number, request: FastifyRequest, reply: FastifyReply) => void;

/**
 * Bytes of all bodies that are read, admitted or stored at the same time. A request beyond this limit is refused with
 * Retry-After. While it is admitted and stored, an event takes up to eight times its size.
 */
const bodiesBytesMax = 48 * 1024 * 1024;
/**
 * The same for one tenant, so that a tenant that sends slowly leaves room for the others. No body is counted as more,
 * since it could never be accepted.
 */
const tenantBytesMax = 32 * 1024 * 1024;

/** A gzip body is counted as this multiple of its size; events compress about tenfold. */
const inflatedTimes = 10;

/** Counts the bodies that are being worked on. The room is free again when the response closes, with or without success. */
export function createBodyBudget(limits: BodyLimits): BodyBudget {
  const byTenant = new Map<number, number>();
  let bytes = 0;
  const add = (tenant: number, length: number): void => {
    bytes += length;
    const tenantBytes = (byTenant.get(tenant) ?? 0) + length;
    if (tenantBytes > 0) byTenant.set(tenant, tenantBytes);
    else byTenant.delete(tenant);
  };
  return (tenant, request, reply) => {
    const length = Math.min(expectedBytes(request, limits), tenantBytesMax);
    if (length === 0) return;
    const tenantBytes = byTenant.get(tenant) ?? 0;
    if (bytes + length > bodiesBytesMax || tenantBytes + length > tenantBytesMax)
      throw new AuditError('too_many_requests', { retryAfterSeconds: 1 });
    add(tenant, length);
    reply.raw.once('close', () => add(tenant, -length));
  };
}

/**
 * The bytes that a body may take: its announced length, more for a compressed body, a quarter of the limit for a chunked
 * one.
 */
function expectedBytes({ method, headers }: FastifyRequest, limits: BodyLimits): number {
  if (method === 'GET' || method === 'DELETE') return 0;
  const announced = Number(headers['content-length'] ?? limits.bodyMaxBytes / 4) || 0;
  if (headers['content-encoding'] === undefined) return Math.min(announced, limits.bodyMaxBytes);
  return Math.min(announced * inflatedTimes, limits.inflatedMaxBytes);
}
