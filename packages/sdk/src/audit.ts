import type { Captured, EventInput } from '@bitacora/event';
import type { Delivery, Health } from './delivery.ts';

/**
 * What must have happened before `capture` is done. `best_effort`: taken into memory. `durable`: on this host's disk,
 * synced. `strict`: in the ledger. `outbox`: written in the host's own transaction, to be forwarded.
 */
export const modes = ['best_effort', 'durable', 'strict', 'outbox'] as const;
export type Mode = (typeof modes)[number];

/** An event whose actor may be absent: then it is the context's, else `{ type: 'system', id: name }`. */
export type CaptureInput = Omit<EventInput, 'actor'> & { readonly actor?: EventInput['actor'] };

/** The host's open transaction: PostgreSQL, placeholders `$1`. */
export interface OutboxTransaction {
  query(text: string, values: readonly unknown[]): Promise<unknown>;
}

export interface CaptureOptions {
  /** Absent: `modeOf` of the options for this action, else their `mode`. */
  readonly mode?: Mode;
  /** Implies mode `outbox`. */
  readonly transaction?: OutboxTransaction;
}

/** An application's connection to its audit trail. */
export interface Audit {
  /**
   * Takes a snapshot of the event, laid over the running context. Returns nothing in mode `best_effort`, where it never
   * throws and never waits and what is wrong with the event goes to `onError`; a promise in the other modes, which
   * resolves with how far the event came and rejects with an `SdkError`.
   */
  capture(event: CaptureInput, options?: CaptureOptions): Captured;
  /** Sends what is pending now; resolves when nothing is, or after `timeoutMs` (5 s), with the truth either way. */
  flush(timeoutMs?: number): Promise<Delivery>;
  /** Takes no more events, flushes, spools the rest where there is a spool, and stops. Later calls get the first one's report. */
  close(timeoutMs?: number): Promise<Delivery>;
  health(): Health;
}
