import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BatchLimits, Feed } from './feed.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { PendingEvent } from './pending-event.ts';
import type { Draft, QueuedEvent } from './queued-event.ts';
import { settleEach } from './settle-each.ts';
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
/** The memory that an event takes in addition to its text. */
export const overheadBytes = 200;
/** The bytes that id, time and the actor's type add to the text of a snapshot. */
export const addedBytes = 150;

/** Fewer empty places are not worth a copy of the rest. */
const trimmedPlacesMin = 1_024;

interface Placed {
  readonly event: PendingEvent;
  readonly place: number;
}

/** The events of mode `best_effort`: first in, first out, bounded in bytes. One closure for the same reason as the sender. */
export function createMemoryFeed(
  instance: string,
  budget: MemoryBudget,
  events: MemoryFeedEvents,
): MemoryFeed {
  // An event that is removed leaves its place empty until all places before it are empty, too.
  let queue: (QueuedEvent | undefined)[] = [];
  let first = 0;
  let count = 0;
  let bytes = 0;

  function resize(event: QueuedEvent, to: number): void {
    budget.give(event.bytes - to);
    bytes += to - event.bytes;
    event.bytes = to;
  }
  function remove(place: number): void {
    const event = queue[place];
    if (event === undefined) return;
    queue[place] = undefined;
    count -= 1;
    resize(event, 0);
  }
  function advance(): void {
    while (first < queue.length && queue[first] === undefined) first += 1;
  }
  function trim(): void {
    advance();
    // Shifting the events out one by one would copy the rest each time.
    if (first <= trimmedPlacesMin || first * 2 <= queue.length) return;
    queue = queue.slice(first);
    first = 0;
  }

  /** Undefined when there is no event, or when the event is not valid and leaves the queue. */
  function encodeAt(place: number): PendingEvent | undefined {
    const event = queue[place];
    if (event === undefined) return undefined;
    if (event.draft !== undefined) {
      event.json = events.encode(event, event.draft);
      event.draft = undefined;
      if (event.json !== undefined) resize(event, Buffer.byteLength(event.json) + overheadBytes);
    }
    const { id, sequence, json } = event;
    if (json !== undefined) return { id, sequence, json };
    remove(place);
    return undefined;
  }

  /** The oldest events, as many as fit into a batch. Lets the host's code run between every `encodedPerTurn` events. */
  async function takeOldest(limits: BatchLimits): Promise<readonly Placed[]> {
    const batch: Placed[] = [];
    let batchBytes = 0;
    let encodedCount = 0;
    for (let place = first; place < queue.length && batch.length < limits.eventsMax; place++) {
      const queued = queue[place];
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

  return {
    instance,
    push(event) {
      if (!budget.take(event.bytes)) return false;
      queue.push(event);
      count += 1;
      bytes += event.bytes;
      return true;
    },
    spill(write) {
      trim();
      const all: Placed[] = [];
      for (let place = first; place < queue.length; place++) {
        const event = encodeAt(place);
        if (event !== undefined) all.push({ event, place });
      }
      const writtenCount = write(all.map(({ event }) => event));
      for (const { place } of all.slice(0, writtenCount)) remove(place);
    },
    async take(limits) {
      trim();
      const batch = await takeOldest(limits);
      if (batch.length === 0) return undefined;
      return {
        events: batch.map(({ event }) => event),
        settle(judgements) {
          settleEach(batch, judgements, ({ event, place }, judgement) => {
            remove(place);
            events.onSettled(event, judgement);
          });
          trim();
        },
        release: () => undefined,
      };
    },
    length: () => count,
    oldestAt() {
      advance();
      return queue[first]?.takenAt;
    },
    isFull: (limits) => count >= limits.eventsMax || bytes >= limits.bytesMax,
  };
}
