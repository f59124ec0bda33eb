import type { Audit } from '../audit.ts';
import { withOnlyContext, type AuditContext } from './audit-context.ts';

/**
 * The same audit for code that hands its context on itself: each event gets `context` and nothing of the one that happens to
 * be running. The event's own fields still win.
 */
export function withFixedContext(audit: Audit, context: AuditContext): Audit {
  return Object.freeze({
    ...audit,
    capture: (...call: Parameters<Audit['capture']>) =>
      withOnlyContext(context, () => audit.capture(...call)),
  });
}
