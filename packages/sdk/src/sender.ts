import type { Settings } from './audit-options.ts';
import type { EventQueue, QueuedEvent } from './event-queue.ts';
import { postBatch, type Posted } from './post-batch.ts';
import { retryWaitMs } from './retry-wait.ts';
import { SdkError } from './sdk-error.ts';

/** Empties the queue into the server, one batch at a time and in order. */
export interface Sender {
  /** Told after each event queued. */
  queued(): void;
  /** Sends without waiting for a batch to fill; ends a wait between attempts unless the server asked for it. */
  hurry(): void;
  /** Resolves when the queue is empty. */
  emptied(): Promise<void>;
  /** Ends at once, also what is on its way. */
  stop(): void;
  lastAnswerAt(): number | undefined;
  lastError(): string | undefined;
}

/** What the sender reports: batches of one or more events that are now off the queue. */
export interface SenderEvents {
  readonly onDelivered: (count: number) => void;
  readonly onRejected: (errors: readonly SdkError[]) => void;
  readonly onUnreachable: (error: SdkError) => void;
}

export function createSender(queue: EventQueue, settings: Settings, events: SenderEvents): Sender {
  const stopping = new AbortController();
  const waiting: (() => void)[] = [];
  let [failures, sending, hurried, batchEventsMax] = [0, false, false, settings.batchEventsMax];
  let notBefore = 0;
  let askedToWait = false;
  let timer: NodeJS.Timeout | undefined;
  let lastAnswerAt: number | undefined;
  let lastError: string | undefined;

  const isFull = (): boolean => queue.length() >= batchEventsMax || queue.bytes() >= settings.batchBytesMax;

  function schedule(): void {
    if (sending || stopping.signal.aborted) return;
    const oldest = queue.oldest();
    if (oldest === undefined) {
      hurried = false;
      waiting.splice(0).forEach((resolve) => resolve());
      return;
    }
    const now = settings.clock();
    const dueMs = hurried || isFull() ? 0 : oldest.queuedAt + settings.batchAfterMs - now;
    clearTimeout(timer);
    // A clock that was set back must not postpone a batch.
    const waitMs = Math.max(Math.min(dueMs, settings.batchAfterMs), notBefore - performance.now(), 0);
    timer = setTimeout(() => void sendOne(), waitMs);
    timer.unref();
  }

  async function sendOne(): Promise<void> {
    sending = true;
    const batch = queue.peek({ eventsMax: batchEventsMax, bytesMax: settings.batchBytesMax });
    const posted = await postBatch(batch, settings, stopping.signal);
    sending = false;
    if (stopping.signal.aborted) return;
    settle(batch, posted);
    schedule();
  }

  function settle(batch: readonly QueuedEvent[], posted: Posted): void {
    if (posted.kind === 'later') return failed(posted);
    lastAnswerAt = settings.clock();
    [failures, notBefore, lastError] = [0, 0, undefined];
    if (posted.kind === 'tooLarge' && batch.length > 1) {
      batchEventsMax = Math.ceil(batch.length / 2);
      return;
    }
    batchEventsMax = settings.batchEventsMax;
    queue.remove(batch.length);
    const errors = rejectionsOf(batch, posted);
    events.onDelivered(batch.length - errors.length);
    if (errors.length > 0) events.onRejected(errors);
  }

  function failed({ reason, retryAfterMs, cause }: Extract<Posted, { kind: 'later' }>): void {
    failures += 1;
    lastError = reason;
    // Those who were asked to wait equally long must not all come back in the same moment.
    const waitMs =
      retryAfterMs === undefined
        ? retryWaitMs(failures, settings.retryWaitMaxMs)
        : retryAfterMs + retryWaitMs(1, settings.retryWaitMaxMs);
    notBefore = performance.now() + waitMs;
    askedToWait = retryAfterMs !== undefined;
    events.onUnreachable(new SdkError('unreachable', reason, { cause }));
  }

  return {
    queued() {
      // While a batch fills up, the timer of its first event is enough.
      if (queue.length() === 1 || isFull()) schedule();
    },
    hurry() {
      hurried = true;
      if (!askedToWait) notBefore = 0;
      schedule();
    },
    emptied: () => new Promise((resolve) => (queue.length() === 0 ? resolve() : waiting.push(resolve))),
    stop() {
      clearTimeout(timer);
      stopping.abort();
    },
    lastAnswerAt: () => lastAnswerAt,
    lastError: () => lastError,
  };
}

function rejectionsOf(batch: readonly QueuedEvent[], posted: Exclude<Posted, { kind: 'later' }>): SdkError[] {
  switch (posted.kind) {
    case 'tooLarge':
      return batch.map(
        ({ id }) => new SdkError('refused', 'the event alone is too large for the server', { id }),
      );
    case 'refused':
      return batch.map(({ id }) => new SdkError('refused', posted.reason, { id }));
    case 'judged':
      return batch.flatMap(({ id }, i) => {
        const refusal = posted.refusals[i];
        return refusal === undefined
          ? []
          : [new SdkError('rejected', refusal.message, { id, field: refusal.field })];
      });
  }
}
