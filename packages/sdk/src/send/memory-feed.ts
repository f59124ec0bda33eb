import { setImmediate as nextTurn } from 'node:timers/promises';
import { createEventQueue, type EventQueue } from './event-queue.ts';
import type { BatchLimits, Feed } from './feed.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { PendingEvent } from './pending-event.ts';
import type { Draft, QueuedEvent } from './queued-event.ts';
import type { Judgement } from './transport.ts';

export interface MemoryFeed extends Feed {
  /** False, and nothing is kept, when the budget has no room. */
  push(event: QueuedEvent): boolean;
  /** Hands all events to `write`, oldest first. `write` returns how many it took; these leave the feed. */
  spill(write: (events: readonly PendingEvent[]) => number): void;
}

export interface MemoryFeedEvents {
  /** The event's JSON; undefined when the event is not valid, which `encode` has then recorded. */
  readonly encode: (event: QueuedEvent, draft: Draft) => string | undefined;
  readonly onSettled: (event: PendingEvent, judgement: Judgement) => void;
}

const encodedPerTurn = 64;
/** What an event takes in memory beside its text. */
export const overheadBytes = 200;
/** What id, time and the actor's type add to the text of a snapshot. */
export const addedBytes = 150;

interface Placed {
  readonly event: PendingEvent;
  readonly place: number;
}
type EncodeAt = (place: number) => PendingEvent | undefined;

/** The events of mode `best_effort`: first in, first out, bounded in bytes. */
export function createMemoryFeed(
  instance: string,
  budget: MemoryBudget,
  events: MemoryFeedEvents,
): MemoryFeed {
  const queue = createEventQueue(budget);

  /** Undefined where there is no event, or one that is not valid, which leaves the queue. */
  const encodeAt: EncodeAt = (place) => {
    const event = queue.at(place);
    if (event === undefined) return undefined;
    if (event.draft !== undefined) {
      event.json = events.encode(event, event.draft);
      event.draft = undefined;
      if (event.json !== undefined) queue.resize(event, Buffer.byteLength(event.json) + overheadBytes);
    }
    const { id, sequence, json } = event;
    if (json !== undefined) return { id, sequence, json };
    queue.remove(place);
    return undefined;
  };

  function settle(batch: readonly Placed[], judgements: readonly Judgement[]): void {
    batch.forEach(({ event, place }, i) => {
      const judgement = judgements[i];
      if (judgement === undefined) return;
      queue.remove(place);
      events.onSettled(event, judgement);
    });
    queue.trim();
  }

  return {
    instance,
    push: queue.push,
    spill(write) {
      queue.trim();
      const all = encodeAll(queue, encodeAt);
      const writtenCount = write(all.map(({ event }) => event));
      for (const { place } of all.slice(0, writtenCount)) queue.remove(place);
    },
    async take(limits) {
      queue.trim();
      const batch = await takeOldest(queue, encodeAt, limits);
      if (batch.length === 0) return undefined;
      return {
        events: batch.map(({ event }) => event),
        settle: (judgements) => settle(batch, judgements),
        release: () => undefined,
      };
    },
    length: queue.count,
    oldestAt: () => queue.oldest()?.takenAt,
    isFull: (limits) => queue.count() >= limits.eventsMax || queue.bytes() >= limits.bytesMax,
  };
}

function encodeAll(queue: EventQueue, encodeAt: EncodeAt): readonly Placed[] {
  const all: Placed[] = [];
  for (let place = queue.firstPlace(); place < queue.endPlace(); place++) {
    const event = encodeAt(place);
    if (event !== undefined) all.push({ event, place });
  }
  return all;
}

/** The oldest events, as many as fit into a batch. Lets the host's code run between every `encodedPerTurn` events. */
async function takeOldest(
  queue: EventQueue,
  encodeAt: EncodeAt,
  limits: BatchLimits,
): Promise<readonly Placed[]> {
  const batch: Placed[] = [];
  let batchBytes = 0;
  let encodedCount = 0;
  for (let place = queue.firstPlace(); place < queue.endPlace(); place++) {
    if (batch.length >= limits.eventsMax) break;
    const queued = queue.at(place);
    if (queued === undefined) continue;
    if (queued.draft !== undefined && ++encodedCount % encodedPerTurn === 0) await nextTurn();
    const event = encodeAt(place);
    if (event === undefined) continue;
    batchBytes += queued.bytes - overheadBytes;
    if (batchBytes > limits.bytesMax && batch.length > 0) break;
    batch.push({ event, place });
  }
  return batch;
}
