import { currentContext, type AuditContext } from '../../context/audit-context.ts';
import type { RequestPolicy } from './request-options.ts';

/** What code inside a request tells about it. */
export interface CurrentRequest {
  readonly identity: object;
  policy: RequestPolicy | undefined;
  /** The handler captured the session's event itself: the rules stay silent. */
  hasSessionEvent: boolean;
}

// Rides in the context, which is new for each request, under a symbol that all copies of this package share; no event has a field for it.
const key = Symbol.for('bitacora.current-request');

export function contextWithRequest(context: AuditContext, request: CurrentRequest): AuditContext {
  return Object.assign(context, { [key]: request });
}

/** The request that is being answered; undefined outside of any. */
export function currentRequest(): CurrentRequest | undefined {
  const context: AuditContext & { readonly [key]?: CurrentRequest } = currentContext();
  return context[key];
}

/** Says more about the running request's own event, from inside a handler. False outside of any. */
export function describeRequest(policy: RequestPolicy): boolean {
  const request = currentRequest();
  if (request === undefined) return false;
  request.policy = { ...request.policy, ...policy };
  return true;
}
