import type { SdkError } from '../sdk-error.ts';
import { createAlarm } from './alarm.ts';
import { createBatchPoster } from './batch-poster.ts';
import type { BatchLimits, Feed } from './feed.ts';
import { createFeedTurns } from './feed-turns.ts';
import type { RetryGate } from './retry-gate.ts';
import type { Transport } from './transport.ts';

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

export function createSender({ transport, gate, limits, onUnreachable }: SenderOptions): Sender {
  const stopping = new AbortController();
  const poster = createBatchPoster({ transport, gate, limits, signal: stopping.signal, onUnreachable });
  const alarm = createAlarm(sendNext);
  const waiters = createWaiters();
  let sending: Promise<void> | undefined;
  let isHurried = false;

  const turns = createFeedTurns((feed, isFirst) => {
    const oldest = feed.oldestAt();
    if (oldest === undefined) return undefined;
    return isHurried || isFirst || poster.isFull(feed) ? 0 : oldest + limits.afterMs;
  });

  function schedule(): void {
    if (sending !== undefined || stopping.signal.aborted) return;
    const dueAt = turns.dueAt();
    if (dueAt !== Infinity) return alarm.set(Math.max(dueAt, performance.now() + gate.waitMs()));
    isHurried = false;
    waiters.release();
  }

  function sendNext(): void {
    const feed = gate.waitMs() > 0 ? undefined : turns.next();
    const posted = feed === undefined ? Promise.resolve() : poster.post(feed);
    sending = posted.finally(() => {
      sending = undefined;
      schedule();
    });
  }

  return {
    addFeed(feed, options) {
      turns.add(feed, options);
      schedule();
    },
    removeFeed(feed) {
      turns.remove(feed);
      schedule();
    },
    wake: schedule,
    hurry() {
      isHurried = true;
      gate.hurry();
      alarm.cancel();
      schedule();
    },
    async emptied() {
      if (sending !== undefined || !turns.areEmpty()) await waiters.wait();
    },
    async stop() {
      alarm.cancel();
      stopping.abort();
      await sending;
    },
    lastError: poster.lastError,
    lastAnswerAt: poster.lastAnswerAt,
  };
}

/** Callers who wait for the same thing. */
function createWaiters(): { wait(): Promise<void>; release(): void } {
  let resolves: (() => void)[] = [];
  return {
    wait: () => new Promise((resolve) => resolves.push(resolve)),
    release() {
      const released = resolves;
      resolves = [];
      for (const resolve of released) resolve();
    },
  };
}
