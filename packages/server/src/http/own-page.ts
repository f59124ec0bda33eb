import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { SessionCookie } from './session-cookie.ts';

/** A browser sends cookies for whoever asks: what changes something needs a page of ours behind it. @throws forbidden */
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

/** In a time that tells nothing of where they differ. */
function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
