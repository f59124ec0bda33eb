import type { EventInput } from '@bitacora/event';
import type { Delivery, Health } from './delivery.ts';

/** An application's connection to its audit trail. */
export interface Audit {
  /** Takes a snapshot of the event and queues it. Never throws, never waits; what is wrong with the event goes to `onError`. */
  capture(event: EventInput): void;
  /** Sends what is pending now; resolves when nothing is, or after `timeoutMs` (5 s), with the truth either way. */
  flush(timeoutMs?: number): Promise<Delivery>;
  /** Takes no more events, flushes, and stops. Later calls get the first one's report. `pending` in it may still have arrived. */
  close(timeoutMs?: number): Promise<Delivery>;
  health(): Health;
}
