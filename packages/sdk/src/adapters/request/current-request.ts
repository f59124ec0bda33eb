import { currentContext, type AuditContext } from '../../context/audit-context.ts';
import type { RequestPolicy } from './request-options.ts';

/** The reports of the code inside a request about this request. */
export interface CurrentRequest {
  readonly identity: object;
  policy: RequestPolicy | undefined;
  /** The handler captured the session's event itself, so the rules of the options make none. */
  hasSessionEvent: boolean;
}

// The request is kept in the context, which is new for each request, under a symbol that all copies of this package share. It
// is no field of an event.
const key = Symbol.for('bitacora.current-request');

export function contextWithRequest(context: AuditContext, request: CurrentRequest): AuditContext {
  return Object.assign(context, { [key]: request });
}

/** The request that is being answered; undefined outside of any request. */
export function currentRequest(): CurrentRequest | undefined {
  const context: AuditContext & { readonly [key]?: CurrentRequest } = currentContext();
  return context[key];
}

/** Adds to the policy of the running request, from inside a handler. False outside of any request. */
export function describeRequest(policy: RequestPolicy): boolean {
  const request = currentRequest();
  if (request === undefined) return false;
  request.policy = { ...request.policy, ...policy };
  return true;
}
