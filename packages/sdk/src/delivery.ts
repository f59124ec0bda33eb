/**
 * Numbers of events since the start. `pending`: they wait or are on their way. `rejected`: they were refused for good.
 * `dropped`: they were given up here. With `delivered` the numbers add up to all events that were submitted.
 */
export interface Delivery {
  readonly delivered: number;
  readonly rejected: number;
  readonly pending: number;
  readonly dropped: number;
  /** How many of the pending events are on disk, and so survive this process. */
  readonly spooled: number;
}

export interface Health extends Delivery {
  readonly state: 'open' | 'closing' | 'closed';
  readonly submitted: number;
  readonly droppedBy: Readonly<Partial<Record<DropReason, number>>>;
  /** By the rejection's code; `refused` when the server refused a whole request. */
  readonly rejectedBy: Readonly<Record<string, number>>;
  /** Estimated bytes of the events that are pending in memory. */
  readonly pendingBytes: number;
  /** Bytes of the spool's files. */
  readonly spoolBytes: number;
  /** Events written in the host's transactions. They are not part of `submitted`, because the forwarder sends them. */
  readonly outboxed: number;
  /** Events that earlier instances left in the spool. They are not part of `submitted`. */
  readonly recovered: Omit<Delivery, 'dropped' | 'spooled'>;
  /** Unix milliseconds of the server's last answer to a batch; undefined before the first. */
  readonly lastAnswerAt: number | undefined;
  /** Milliseconds since that answer, by a clock that does not jump. */
  readonly lastAnswerAgeMs: number | undefined;
  /** The reason why the last attempt failed; undefined after a successful attempt. */
  readonly lastError: string | undefined;
  /** `open` while the server does not answer. Then one request at a time checks whether it answers again. */
  readonly circuit: 'closed' | 'open';
  /** The last event that the ledger took. */
  readonly lastReceipt:
    { readonly id: string; readonly index: number; readonly leafHash: string } | undefined;
}

/**
 * Why an event was given up. `memory_full`, `spool_full`: there was no room. `spool_failed`: the disk failed. `spool_damaged`:
 * the disk lost it. `closed`: it came after `close`. `unreachable`: `strict` ran out of time. `no_key`: `keyOf` has no key for
 * its tenant. `too_many_tenants`: there are more than `tenantsMax`. `outbox_failed`: no row could be written, for instance
 * without a transaction. `taken_over`: it is not lost, because another process has taken over its spool and sends it.
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
  /** Undefined when the disk lost it. */
  readonly id: string | undefined;
  readonly reason: DropReason;
}
