import type { Audit, CaptureInput } from '../../audit.ts';

/**
 * Captures for a request that does not wait for it. What goes wrong with an event is in the audit's own counts and told to
 * its `onError`; the request has no place for it.
 */
export function captureQuietly(audit: Audit, event: CaptureInput): void {
  try {
    audit.capture(event)?.catch(() => undefined);
  } catch {
    // Only an `Audit` that is not the SDK's own throws.
  }
}
