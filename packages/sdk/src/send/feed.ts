import type { PendingEvent } from './pending-event.ts';
import type { Judgement } from './transport.ts';

/** The oldest events of a feed. They stay in the feed until they are settled. */
export interface FeedBatch {
  readonly events: readonly PendingEvent[];
  /** Takes the server's judgement of each event; the batch leaves the feed. */
  settle(judgements: readonly Judgement[]): Promise<void> | void;
  /** The batch was not judged. It stays in the feed and will be sent again. */
  release(): void;
}

export interface BatchLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
}

/** A queue of one instance that the sender empties. One batch is being sent at a time. */
export interface Feed {
  readonly instance: string;
  /** Undefined when the feed is empty, `unreadable` when it cannot be read at the moment. Never rejects. */
  take(limits: BatchLimits): Promise<FeedBatch | 'unreadable' | undefined>;
  length(): number;
  /** When the oldest event came, by `performance.now()`; 0 when it is to be sent at once. Undefined when the feed is empty. */
  oldestAt(): number | undefined;
  /** Whether the events that wait fill a batch. */
  isFull(limits: BatchLimits): boolean;
}
