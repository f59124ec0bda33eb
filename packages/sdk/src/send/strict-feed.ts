import type { BatchLimits, Feed } from './feed.ts';
import type { PendingEvent } from './pending-event.ts';
import { settleEach } from './settle-each.ts';
import type { Judgement } from './transport.ts';

export interface StrictFeed extends Feed {
  /** Resolves with the server's judgement; undefined when it did not come in time, or the feed was ended. */
  push(event: PendingEvent): Promise<Judgement | undefined>;
  /** Gives up all waiting events. */
  end(): void;
}

export interface StrictFeedEvents {
  readonly onSettled: (event: PendingEvent, judgement: Judgement) => void;
  /** The event was given up and will not be sent (again). */
  readonly onGivenUp: (event: PendingEvent) => void;
}

interface WaitingCall {
  readonly event: PendingEvent;
  readonly resolve: (judgement: Judgement | undefined) => void;
  readonly timer: NodeJS.Timeout;
  expired: boolean;
}

/**
 * The events whose callers wait for the server's answer. An event that is on its way when its time is over is still counted
 * by the server's judgement.
 */
export function createStrictFeed(instance: string, timeoutMs: number, events: StrictFeedEvents): StrictFeed {
  let queue: WaitingCall[] = [];
  let sending: ReadonlySet<WaitingCall> = new Set();

  const leave = (call: WaitingCall): void => {
    queue = queue.filter((other) => other !== call);
    clearTimeout(call.timer);
  };
  const giveUp = (call: WaitingCall): void => {
    leave(call);
    events.onGivenUp(call.event);
    call.resolve(undefined);
  };
  const expire = (call: WaitingCall): void => {
    call.expired = true;
    if (sending.has(call)) call.resolve(undefined);
    else giveUp(call);
  };

  return {
    instance,
    push: (event) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => expire(call), timeoutMs);
        const call: WaitingCall = { event, resolve, timer, expired: false };
        queue.push(call);
      }),
    end() {
      for (const call of queue) giveUp(call);
    },
    take(limits) {
      const batch = oldestOf(queue, limits);
      if (batch.length === 0) return Promise.resolve(undefined);
      sending = new Set(batch);
      return Promise.resolve({
        events: batch.map(({ event }) => event),
        settle(judgements) {
          sending = new Set();
          settleEach(batch, judgements, (call, judgement) => {
            leave(call);
            events.onSettled(call.event, judgement);
            call.resolve(judgement);
          });
        },
        release() {
          sending = new Set();
          for (const call of batch) if (call.expired) giveUp(call);
        },
      });
    },
    length: () => queue.length,
    oldestAt: () => (queue.length === 0 ? undefined : 0),
    isFull: ({ eventsMax }) => queue.length >= eventsMax,
  };
}

function oldestOf(queue: readonly WaitingCall[], { eventsMax, bytesMax }: BatchLimits): WaitingCall[] {
  const batch: WaitingCall[] = [];
  let batchBytes = 0;
  for (const call of queue) {
    batchBytes += Buffer.byteLength(call.event.json);
    if (batch.length >= eventsMax || (batchBytes > bytesMax && batch.length > 0)) break;
    batch.push(call);
  }
  return batch;
}
