/**
 * Numbers of events since the start: `pending` wait or are on their way, `rejected` were refused for good, `dropped` were
 * given up here. They add up to all that was submitted.
 */
export interface Delivery {
  readonly delivered: number;
  readonly rejected: number;
  readonly pending: number;
  readonly dropped: number;
}

export interface Health extends Delivery {
  readonly state: 'open' | 'closing' | 'closed';
  readonly submitted: number;
  /** UTF-8 bytes of the events that are pending. */
  readonly pendingBytes: number;
  /** Unix milliseconds of the server's last answer to a batch; undefined before the first. */
  readonly lastAnswerAt: number | undefined;
  /** Why the last attempt failed; undefined since the last that did not. */
  readonly lastError: string | undefined;
}

/** An event that was never sent: the memory limit was reached, or `capture` came after `close`. */
export interface DroppedEvent {
  readonly id: string;
  readonly reason: 'memory_full' | 'closed';
}
