import { timerMaxMs } from '../host/timer-max.ts';
import { SdkError } from '../sdk-error.ts';
import type { BatchLimits, Feed, FeedBatch } from './feed.ts';
import { judgementsOf, postBatch } from './post-batch.ts';
import type { RetryGate } from './retry-gate.ts';
import type { Posted, Transport } from './transport.ts';

/** Sends what is in its feeds to the server, one batch at a time, each feed in its order. */
export interface Sender {
  /** Feeds take turns; one with `first` goes before all others. */
  addFeed(feed: Feed, options?: { readonly first: boolean }): void;
  removeFeed(feed: Feed): void;
  /** To be called when a feed that was empty, or not full, may have changed. */
  wake(): void;
  /** Sends without waiting for a batch to fill; shortens the wait between attempts unless the server asked for it. */
  hurry(): void;
  /** Resolves when all feeds are empty. */
  emptied(): Promise<void>;
  /** Ends the sending at once, also of the batch on its way; resolves when nothing is on its way any more. */
  stop(): Promise<void>;
  lastError(): string | undefined;
  /** By `performance.now()`. */
  lastAnswerAt(): number | undefined;
}

export interface SenderOptions {
  readonly transport: Transport;
  readonly gate: RetryGate;
  readonly limits: BatchLimits & { readonly afterMs: number };
  readonly onUnreachable: (error: SdkError) => void;
}

/** While the circuit is open, one event at a time is sent to check whether the server answers again. */
const probeEventsMax = 1;
/** The factor by which the next batch may grow after a batch that the server accepted. */
const growth = 1.1;

/** One closure has the turns, the timer and the sending, because separate ones would exceed the size that the SDK promises. */
export function createSender({ transport, gate, limits, onUnreachable }: SenderOptions): Sender {
  const stopping = new AbortController();
  const onEmptied: (() => void)[] = [];
  // The feed that was served last stands at the end.
  let feeds: Feed[] = [];
  let first: Feed | undefined;
  let sending: Promise<void> | undefined;
  let isHurried = false;
  // Less than `limits.eventsMax` after the server found a batch too large.
  let eventsMax = limits.eventsMax;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = 0;
  let lastError: string | undefined;
  let lastAnswerAt: number | undefined;

  /** Infinity when the feed is empty. */
  function dueAt(feed: Feed): number {
    const oldest = feed.oldestAt();
    if (oldest === undefined) return Infinity;
    const isDue = isHurried || feed === first || feed.isFull({ eventsMax, bytesMax: limits.bytesMax });
    return isDue ? 0 : oldest + limits.afterMs;
  }

  function schedule(): void {
    if (sending !== undefined || stopping.signal.aborted) return;
    const due = Math.min(...feeds.map(dueAt));
    if (due === Infinity) {
      isHurried = false;
      for (const resolve of onEmptied.splice(0)) resolve();
      return;
    }
    const now = performance.now();
    const at = Math.max(due, now + gate.waitMs());
    if (timer !== undefined && timerAt <= at) return;
    clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(startSending, Math.min(at - now, timerMaxMs));
    timer.unref();
  }

  function startSending(): void {
    timer = undefined;
    sending = sendNext().finally(() => {
      sending = undefined;
      schedule();
    });
  }

  /** The due feed whose turn it is. The first feed is not served twice in a row while others are due. */
  function nextFeed(): Feed | undefined {
    const now = performance.now();
    const due = feeds.filter((feed) => dueAt(feed) <= now);
    const preferred = feeds.at(-1) === first ? undefined : due.find((feed) => feed === first);
    const chosen = preferred ?? due[0];
    if (chosen !== undefined) feeds = [...feeds.filter((feed) => feed !== chosen), chosen];
    return chosen;
  }

  async function sendNext(): Promise<void> {
    if (gate.waitMs() > 0) return;
    const feed = nextFeed();
    const batch = await feed?.take({
      eventsMax: gate.isOpen() ? probeEventsMax : eventsMax,
      bytesMax: limits.bytesMax,
    });
    // Without a wait, a spool that cannot be read would be read again at once, without end.
    if (batch === 'unreadable') return gate.failed();
    if (feed === undefined || batch === undefined) return;
    if (stopping.signal.aborted) return batch.release();
    gate.started();
    const { instance } = feed;
    const posted = await postBatch(transport, batch, { instance, signal: stopping.signal });
    if (posted.kind === 'later') return postpone(batch, posted);
    gate.succeeded();
    lastError = undefined;
    lastAnswerAt = performance.now();
    if (posted.kind === 'tooLarge' && batch.events.length > 1) {
      eventsMax = Math.ceil(batch.events.length / 2);
      return batch.release();
    }
    // The size grows slowly: at once, a server that takes little would refuse every second batch.
    eventsMax = Math.min(limits.eventsMax, Math.ceil(eventsMax * growth));
    await batch.settle(judgementsOf(batch, posted));
  }

  function postpone(batch: FeedBatch, posted: Extract<Posted, { kind: 'later' }>): void {
    batch.release();
    if (stopping.signal.aborted) return;
    const { reason, retryAfterMs, cause } = posted;
    gate.failed(retryAfterMs);
    lastError = reason;
    onUnreachable(new SdkError('unreachable', reason, { cause }));
  }

  return {
    addFeed(feed, options) {
      feeds.push(feed);
      if (options?.first) first = feed;
      schedule();
    },
    removeFeed(feed) {
      feeds = feeds.filter((other) => other !== feed);
      schedule();
    },
    wake: schedule,
    hurry() {
      isHurried = true;
      gate.hurry();
      clearTimeout(timer);
      timer = undefined;
      schedule();
    },
    async emptied() {
      if (sending === undefined && feeds.every((feed) => feed.length() === 0)) return;
      await new Promise<void>((resolve) => onEmptied.push(resolve));
    },
    async stop() {
      clearTimeout(timer);
      stopping.abort();
      await sending;
    },
    lastError: () => lastError,
    lastAnswerAt: () => lastAnswerAt,
  };
}
