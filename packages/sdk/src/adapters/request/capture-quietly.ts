import type { Audit, CaptureInput } from '../../audit.ts';

/**
 * Captures for a request that does not wait for it. The audit counts what goes wrong with an event and reports it to its
 * `onError`; the request itself must not fail for it.
 */
export function captureQuietly(audit: Audit, event: CaptureInput): void {
  try {
    audit.capture(event)?.catch(() => undefined);
  } catch {
    // Only an `Audit` that this SDK did not make can throw here.
  }
}
