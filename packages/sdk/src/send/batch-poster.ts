import { withoutAudit } from '../context/audit-context.ts';
import { SdkError } from '../sdk-error.ts';
import type { BatchLimits, Feed, FeedBatch } from './feed.ts';
import type { RetryGate } from './retry-gate.ts';
import { formatSequences } from './sequence-ranges.ts';
import type { Judgement, Posted, Transport } from './transport.ts';

/** Takes batches out of feeds and posts them. */
export interface BatchPoster {
  /** Posts one batch of the feed and hands the answer to the feed. A batch that is not judged stays in the feed. */
  post(feed: Feed): Promise<void>;
  isFull(feed: Feed): boolean;
  lastError(): string | undefined;
  /** By `performance.now()`. */
  lastAnswerAt(): number | undefined;
}

export interface BatchPosterOptions {
  readonly transport: Transport;
  readonly gate: RetryGate;
  readonly limits: BatchLimits;
  /** Ends the request that is on its way. */
  readonly signal: AbortSignal;
  readonly onUnreachable: (error: SdkError) => void;
}

/** While the circuit is open, one event at a time asks whether the server is back. */
const probeEventsMax = 1;
/** How much more the next batch may hold after one that the server took. */
const growth = 1.1;

export function createBatchPoster(options: BatchPosterOptions): BatchPoster {
  const { transport, gate, limits, signal, onUnreachable } = options;
  // Less than `limits.eventsMax` after the server found a batch too large.
  let eventsMax = limits.eventsMax;
  let lastError: string | undefined;
  let lastAnswerAt: number | undefined;

  function fail(batch: FeedBatch, { reason, retryAfterMs, cause }: Extract<Posted, { kind: 'later' }>): void {
    batch.release();
    if (signal.aborted) return;
    gate.failed(retryAfterMs);
    lastError = reason;
    onUnreachable(new SdkError('unreachable', reason, { cause }));
  }

  return {
    async post(feed) {
      const batch = await feed.take({
        eventsMax: gate.isOpen() ? probeEventsMax : eventsMax,
        bytesMax: limits.bytesMax,
      });
      // Without a wait, a spool that cannot be read would be read again at once, without end.
      if (batch === 'unreadable') return gate.failed();
      if (batch === undefined) return;
      if (signal.aborted) return batch.release();
      gate.started();
      const posted = await postBatch(transport, batch, { instance: feed.instance, signal });
      if (posted.kind === 'later') return fail(batch, posted);
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
    },
    isFull: (feed) => feed.isFull({ eventsMax, bytesMax: limits.bytesMax }),
    lastError: () => lastError,
    lastAnswerAt: () => lastAnswerAt,
  };
}

async function postBatch(
  transport: Transport,
  { events }: FeedBatch,
  { instance, signal }: { readonly instance: string; readonly signal: AbortSignal },
): Promise<Posted> {
  const batch = {
    instance,
    sequences: formatSequences(events.map(({ sequence }) => sequence)),
    ids: events.map(({ id }) => id),
    events: events.map(({ json }) => json),
  };
  try {
    return await withoutAudit(() => transport(batch, signal));
  } catch (cause) {
    return { kind: 'later', reason: `no answer: ${String(cause)}`, cause };
  }
}

function judgementsOf(
  { events }: FeedBatch,
  posted: Exclude<Posted, { kind: 'later' }>,
): readonly Judgement[] {
  if (posted.kind === 'judged') return posted.judgements;
  const message = posted.kind === 'refused' ? posted.reason : 'the event alone is too large for the server';
  return events.map(() => ({ state: 'rejected', rejection: { code: 'refused', field: '', message } }));
}
