import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { SessionCookie } from './session-cookie.ts';

/**
 * A browser also sends our cookie with requests of other sites. So a request that changes something must come from a page
 * of this server. @throws forbidden
 */
export function requireOwnPage({ caller }: Grant, request: FastifyRequest, cookie: SessionCookie): void {
  if (caller.kind !== 'session' || request.method === 'GET' || request.method === 'HEAD') return;
  cookie.requireSameOrigin(request);
  const token = request.headers['x-csrf-token'];
  if (typeof token === 'string' && isSame(token, caller.session?.csrf ?? '')) return;
  throw new AuditError('forbidden', {
    parameter: 'X-CSRF-Token',
    detail: 'send the token that GET /v1/me answers as X-CSRF-Token',
  });
}

/** Compares in a time that does not depend on where the two differ. */
function isSame(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}
