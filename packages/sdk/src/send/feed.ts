import type { PendingEvent } from './pending-event.ts';
import type { Judgement } from './transport.ts';

/** The oldest events of a feed. They stay in it until they are settled. */
export interface FeedBatch {
  readonly events: readonly PendingEvent[];
  /** The server's judgement of each event; the batch leaves the feed. */
  settle(judgements: readonly Judgement[]): Promise<void> | void;
  /** The batch was not judged and stays; it will be taken again. */
  release(): void;
}

export interface BatchLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
}

/** A queue of one instance that the sender empties. One batch is out at a time. */
export interface Feed {
  readonly instance: string;
  /** Undefined when nothing is there, `unreadable` when it cannot be read just now. Never rejects. */
  take(limits: BatchLimits): Promise<FeedBatch | 'unreadable' | undefined>;
  length(): number;
  /** When the oldest event came, by `performance.now()`; 0 for at once. Undefined when empty. */
  oldestAt(): number | undefined;
  /** Whether a batch is full already. */
  isFull(limits: BatchLimits): boolean;
}
