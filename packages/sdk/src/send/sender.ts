import { withoutAudit } from '../context/audit-context.ts';
import { SdkError } from '../sdk-error.ts';
import type { BatchLimits, Feed, FeedBatch } from './feed.ts';
import type { RetryGate } from './retry-gate.ts';
import { formatSequences } from './sequence-ranges.ts';
import type { Judgement, Posted, Transport } from './transport.ts';

/** Empties its feeds into the server, one batch at a time, each feed in its order. */
export interface Sender {
  /** Feeds take turns; one with `first` goes before all others. */
  addFeed(feed: Feed, options?: { readonly first: boolean }): void;
  removeFeed(feed: Feed): void;
  /** Told when a feed that was empty or not full may no longer be. */
  wake(): void;
  /** Sends without waiting for a batch to fill; shortens the wait between attempts unless the server asked for it. */
  hurry(): void;
  /** Resolves when all feeds are empty. */
  emptied(): Promise<void>;
  /** Ends at once, also what is on its way; resolves when nothing is any more. */
  stop(): Promise<void>;
  lastError(): string | undefined;
  /** Of `performance.now()`. */
  lastAnswerAt(): number | undefined;
}

export interface SenderOptions {
  readonly transport: Transport;
  readonly gate: RetryGate;
  readonly limits: BatchLimits & { readonly afterMs: number };
  readonly onUnreachable: (error: SdkError) => void;
}

const timerMaxMs = 2 ** 31 - 1;
/** While the circuit is open, one event asks whether the server is back. */
const probeEventsMax = 1;

export function createSender({ transport, gate, limits, onUnreachable }: SenderOptions): Sender {
  const stopping = new AbortController();
  const waiting: (() => void)[] = [];
  let feeds: Feed[] = [];
  let first: Feed | undefined;
  let sending: Promise<void> | undefined;
  let hurried = false;
  let eventsMax = limits.eventsMax;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = 0;
  let lastError: string | undefined;
  let lastAnswerAt: number | undefined;

  const full = (feed: Feed): boolean => feed.isFull({ eventsMax, bytesMax: limits.bytesMax });

  function dueAt(feed: Feed): number | undefined {
    const oldest = feed.oldestAt();
    if (oldest === undefined) return undefined;
    return hurried || feed === first || full(feed) ? 0 : oldest + limits.afterMs;
  }

  function schedule(): void {
    if (sending !== undefined || stopping.signal.aborted) return;
    const due = Math.min(...feeds.map((feed) => dueAt(feed) ?? Infinity));
    if (due === Infinity) {
      hurried = false;
      waiting.splice(0).forEach((resolve) => resolve());
      return;
    }
    const now = performance.now();
    const at = Math.max(due, now + gate.waitMs());
    if (timer !== undefined && timerAt <= at) return;
    clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(
      () => {
        timer = undefined;
        sending = sendOne().finally(() => {
          sending = undefined;
          schedule();
        });
      },
      Math.min(Math.max(at - now, 0), timerMaxMs),
    );
    timer.unref();
  }

  /** The one whose turn it is: the others move up. The preferred one comes first, but not twice before others that are due. */
  function next(): Feed | undefined {
    const now = performance.now();
    const due = feeds.filter((feed) => (dueAt(feed) ?? Infinity) <= now);
    const found =
      due.length > 0 && due[0] !== first && feeds.at(-1) !== first
        ? (due.find((feed) => feed === first) ?? due[0])
        : due[0];
    if (found !== undefined) feeds = [...feeds.filter((feed) => feed !== found), found];
    return found;
  }

  async function sendOne(): Promise<void> {
    if (gate.waitMs() > 0) return;
    const feed = next();
    const batch = await feed?.take({
      eventsMax: gate.isOpen() ? probeEventsMax : eventsMax,
      bytesMax: limits.bytesMax,
    });
    // A spool that cannot be read must not be asked without a pause.
    if (batch === 'unreadable') return gate.failed();
    if (feed === undefined || batch === undefined) return;
    if (stopping.signal.aborted) return batch.release();
    gate.started();
    const posted = await post(feed.instance, batch);
    if (posted.kind === 'later') return failed(batch, posted);
    gate.succeeded();
    [lastError, lastAnswerAt] = [undefined, performance.now()];
    if (posted.kind === 'tooLarge' && batch.events.length > 1) {
      eventsMax = Math.ceil(batch.events.length / 2);
      return batch.release();
    }
    // A server that takes little would otherwise refuse every second batch.
    eventsMax = Math.min(limits.eventsMax, Math.ceil(eventsMax * 1.1));
    await batch.settle(judgementsOf(batch, posted));
  }

  async function post(instance: string, { events }: FeedBatch): Promise<Posted> {
    const batch = {
      instance,
      sequences: formatSequences(events.map(({ sequence }) => sequence)),
      ids: events.map(({ id }) => id),
      events: events.map(({ json }) => json),
    };
    try {
      return await withoutAudit(() => transport(batch, stopping.signal));
    } catch (cause) {
      return { kind: 'later', reason: `no answer: ${String(cause)}`, cause };
    }
  }

  function failed(
    batch: FeedBatch,
    { reason, retryAfterMs, cause }: Extract<Posted, { kind: 'later' }>,
  ): void {
    batch.release();
    if (stopping.signal.aborted) return;
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
      hurried = true;
      gate.hurry();
      clearTimeout(timer);
      timer = undefined;
      schedule();
    },
    emptied: () =>
      new Promise((resolve) => {
        if (sending === undefined && feeds.every((feed) => feed.length() === 0)) resolve();
        else waiting.push(resolve);
      }),
    async stop() {
      clearTimeout(timer);
      stopping.abort();
      await sending;
    },
    lastError: () => lastError,
    lastAnswerAt: () => lastAnswerAt,
  };
}

function judgementsOf(
  { events }: FeedBatch,
  posted: Exclude<Posted, { kind: 'later' }>,
): readonly Judgement[] {
  if (posted.kind === 'judged') return posted.judgements;
  const message = posted.kind === 'refused' ? posted.reason : 'the event alone is too large for the server';
  return events.map(() => ({ state: 'rejected', rejection: { code: 'refused', field: '', message } }));
}
