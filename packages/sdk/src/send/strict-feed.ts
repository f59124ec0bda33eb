import type { Feed } from './feed.ts';
import type { PendingEvent } from './pending-event.ts';
import type { Judgement } from './transport.ts';

export interface StrictFeed extends Feed {
  /** Resolves with the server's judgement; undefined when it did not come in time, or the feed was ended. */
  push(event: PendingEvent): Promise<Judgement | undefined>;
  /** Gives up all that waits. */
  end(): void;
}

export interface StrictFeedEvents {
  readonly onSettled: (event: PendingEvent, judgement: Judgement) => void;
  /** The event was given up and will not be sent (again). */
  readonly onGivenUp: (event: PendingEvent) => void;
}

interface Waiting {
  readonly event: PendingEvent;
  readonly resolve: (judgement: Judgement | undefined) => void;
  readonly timer: NodeJS.Timeout;
  expired: boolean;
}

/** The events whose callers wait for the server's answer. One on its way when its time is over is still counted as it ends. */
export function createStrictFeed(instance: string, timeoutMs: number, events: StrictFeedEvents): StrictFeed {
  let queue: Waiting[] = [];
  let out: ReadonlySet<Waiting> = new Set();

  const leave = (waiting: Waiting): void => {
    queue = queue.filter((other) => other !== waiting);
    clearTimeout(waiting.timer);
  };
  const giveUp = (waiting: Waiting): void => {
    leave(waiting);
    events.onGivenUp(waiting.event);
    waiting.resolve(undefined);
  };
  const expire = (waiting: Waiting): void => {
    waiting.expired = true;
    if (out.has(waiting)) waiting.resolve(undefined);
    else giveUp(waiting);
  };

  return {
    instance,
    push: (event) =>
      new Promise((resolve) => {
        const waiting: Waiting = {
          ...{ event, resolve, expired: false },
          timer: setTimeout(() => expire(waiting), timeoutMs),
        };
        queue.push(waiting);
      }),
    end() {
      for (const waiting of queue) giveUp(waiting);
    },
    take({ eventsMax, bytesMax }) {
      const batch: Waiting[] = [];
      let taken = 0;
      for (const waiting of queue) {
        taken += Buffer.byteLength(waiting.event.json);
        if (batch.length >= eventsMax || (taken > bytesMax && batch.length > 0)) break;
        batch.push(waiting);
      }
      if (batch.length === 0) return Promise.resolve(undefined);
      out = new Set(batch);
      return Promise.resolve({
        events: batch.map(({ event }) => event),
        settle(judgements) {
          out = new Set();
          batch.forEach((waiting, i) => {
            const judgement = judgements[i];
            if (judgement === undefined) return;
            leave(waiting);
            events.onSettled(waiting.event, judgement);
            waiting.resolve(judgement);
          });
        },
        release() {
          out = new Set();
          for (const waiting of batch) if (waiting.expired) giveUp(waiting);
        },
      });
    },
    length: () => queue.length,
    oldestAt: () => (queue.length === 0 ? undefined : 0),
    isFull: ({ eventsMax }) => queue.length >= eventsMax,
  };
}
