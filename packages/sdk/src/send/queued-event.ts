/** An event as `capture` took it. Making it JSON comes later, so that the host does not wait for that. */
export interface QueuedEvent {
  readonly id: string;
  readonly sequence: number;
  /** The memory that it takes; an estimate until the event is JSON. */
  bytes: number;
  /** By `performance.now()`. */
  readonly takenAt: number;
  /** Undefined once `json` is there. */
  draft: Draft | undefined;
  json: string | undefined;
}

/** The snapshot of an event. `occurredAtMs` counts where the event has no time of its own. */
export interface Draft {
  readonly event: Readonly<Record<string, unknown>>;
  readonly occurredAtMs: number;
}
