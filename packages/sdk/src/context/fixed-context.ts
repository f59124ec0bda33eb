import type { Audit, CaptureInput, CaptureOptions } from '../audit.ts';
import { withOnlyContext, type AuditContext } from './audit-context.ts';

/**
 * Wraps an audit for code that passes its context on itself: each event gets `context` and nothing of the running one. The
 * event's own fields still win.
 */
export function withFixedContext(audit: Audit, context: AuditContext): Audit {
  return Object.freeze({
    ...audit,
    capture: (event: CaptureInput, options?: CaptureOptions) =>
      withOnlyContext(context, () => audit.capture(event, options)),
  });
}
