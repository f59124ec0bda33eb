import type { Captured, EventInput } from '@bitacora/event';
import type { Delivery, Health } from './delivery.ts';

/**
 * What must have happened to an event before `capture` is done. `best_effort`: it is in memory. `durable`: it is on this
 * host's disk, synced. `strict`: it is in the ledger. `outbox`: it is written in the host's own transaction, and will be
 * forwarded.
 */
export const modes = ['best_effort', 'durable', 'strict', 'outbox'] as const;
export type Mode = (typeof modes)[number];

/** An event. Without an actor it gets the actor of the context, or else `{ type: 'system', id: name }`. */
export type CaptureInput = Omit<EventInput, 'actor'> & { readonly actor?: EventInput['actor'] };

/** The host's open transaction on PostgreSQL; placeholders are `$1`, `$2`. */
export interface OutboxTransaction {
  query(text: string, values: readonly unknown[]): Promise<unknown>;
}

export interface CaptureOptions {
  /** Absent: the mode for this action in the option `modeOf`, or else the option `mode`. */
  readonly mode?: Mode;
  /** Implies mode `outbox`. */
  readonly transaction?: OutboxTransaction;
}

/** An application's connection to its audit trail. */
export interface Audit {
  /**
   * Takes a snapshot of the event, laid over the running context. In mode `best_effort` it returns nothing, never throws and
   * never waits; what is wrong with the event is reported to `onError`. In the other modes it returns a promise, which
   * resolves with how far the event came and rejects with an `SdkError`.
   */
  capture(event: CaptureInput, options?: CaptureOptions): Captured;
  /** Sends all pending events. Resolves with the counts of all events when none is pending, or after `timeoutMs` (5 s). */
  flush(timeoutMs?: number): Promise<Delivery>;
  /**
   * Takes no more events, flushes, writes the rest to the spool if there is one, and stops. Later calls get the result of the
   * first.
   */
  close(timeoutMs?: number): Promise<Delivery>;
  health(): Health;
}
