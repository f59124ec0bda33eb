/**
 * Numbers of events since the start: `pending` wait or are on their way, `rejected` were refused for good, `dropped` were
 * given up here. They add up to all that was submitted.
 */
export interface Delivery {
  readonly delivered: number;
  readonly rejected: number;
  readonly pending: number;
  readonly dropped: number;
  /** How many of the pending are on disk, and so survive this process. */
  readonly spooled: number;
}

export interface Health extends Delivery {
  readonly state: 'open' | 'closing' | 'closed';
  readonly submitted: number;
  readonly droppedBy: Readonly<Partial<Record<DropReason, number>>>;
  /** By the rejection's code; `refused` where the server refused a whole request. */
  readonly rejectedBy: Readonly<Record<string, number>>;
  /** Estimated bytes of the events that are pending in memory. */
  readonly pendingBytes: number;
  /** Bytes of the spool's files. */
  readonly spoolBytes: number;
  /** Written in the host's transactions; not part of `submitted`, because the forwarder sends them. */
  readonly outboxed: number;
  /** Events that earlier instances left in the spool: not part of `submitted`. */
  readonly recovered: Omit<Delivery, 'dropped' | 'spooled'>;
  /** Unix milliseconds of the server's last answer to a batch; undefined before the first. */
  readonly lastAnswerAt: number | undefined;
  /** Milliseconds since then, by a clock that does not jump. */
  readonly lastAnswerAgeMs: number | undefined;
  /** Why the last attempt failed; undefined since the last that did not. */
  readonly lastError: string | undefined;
  /** `open` while the server does not answer: a single request at a time looks whether it is back. */
  readonly circuit: 'closed' | 'open';
  /** The last event that the ledger took. */
  readonly lastReceipt:
    { readonly id: string; readonly index: number; readonly leafHash: string } | undefined;
}

/**
 * Why an event was given up: no room in memory or in the spool, the disk failed or lost what it had, it came after
 * `close`, `strict` ran out of time, `keyOf` had no key for its tenant or there are too many of them, no row of
 * the outbox could be written, as in mode `outbox` without a transaction. `taken_over`: not
 * lost, another process took this one for dead and sends what it had spooled.
 */
export type DropReason =
  | 'memory_full'
  | 'spool_full'
  | 'spool_failed'
  | 'spool_damaged'
  | 'closed'
  | 'unreachable'
  | 'no_key'
  | 'too_many_tenants'
  | 'outbox_failed'
  | 'taken_over';

/** An event that was given up here. */
export interface DroppedEvent {
  /** Undefined where the disk lost it. */
  readonly id: string | undefined;
  readonly reason: DropReason;
}
