import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BatchLimits, Feed } from './feed.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { PendingEvent } from './pending-event.ts';
import type { Judgement } from './transport.ts';

/** An event as it was taken: what makes it JSON comes later, off the host's path. */
export interface TakenEvent {
  readonly id: string;
  readonly sequence: number;
  /** An estimate, until the event is JSON. */
  bytes: number;
  /** Of `performance.now()`. */
  readonly takenAt: number;
  /** Gone once `json` is there. */
  draft: Draft | undefined;
  json: string | undefined;
}

/** The snapshot of an event. `occurredAtMs` counts where the event has no time of its own. */
export interface Draft {
  readonly event: Readonly<Record<string, unknown>>;
  readonly occurredAtMs: number;
}

export interface MemoryFeed extends Feed {
  /** False, and nothing is kept, when the budget has no room. */
  push(event: TakenEvent): boolean;
  /** Hands all events to `write`, oldest first; as many as it says it took leave the feed. */
  spill(write: (events: readonly PendingEvent[]) => number): void;
}

export interface MemoryFeedEvents {
  /** The event's JSON, or undefined when it is none: it was rejected then, and told. */
  readonly encode: (event: TakenEvent, draft: Draft) => string | undefined;
  readonly onSettled: (event: PendingEvent, judgement: Judgement) => void;
}

const encodedPerTurn = 64;
/** What an event takes in memory beside its text. */
export const overheadBytes = 200;
/** What id, time and the actor's type add to the text of a snapshot. */
export const addedBytes = 150;

/** The events of mode `best_effort`: first in, first out, bounded in bytes. */
export function createMemoryFeed(
  instance: string,
  budget: MemoryBudget,
  events: MemoryFeedEvents,
): MemoryFeed {
  let queue: (TakenEvent | undefined)[] = [];
  let head = 0;
  let [count, bytes] = [0, 0];

  const remove = (index: number): void => {
    const event = queue[index];
    if (event === undefined) return;
    queue[index] = undefined;
    count -= 1;
    resize(event, 0);
  };
  const resize = (event: TakenEvent, to: number): void => {
    budget.give(event.bytes - to);
    bytes += to - event.bytes;
    event.bytes = to;
  };
  const advance = (): void => {
    while (head < queue.length && queue[head] === undefined) head += 1;
  };
  const trim = (): void => {
    advance();
    // Shifting one by one would copy the rest each time.
    if (head > 1_024 && head * 2 > queue.length) {
      queue = queue.slice(head);
      head = 0;
    }
  };
  const encode = (event: TakenEvent, index: number): PendingEvent | undefined => {
    if (event.draft !== undefined) {
      event.json = events.encode(event, event.draft);
      event.draft = undefined;
      if (event.json !== undefined) resize(event, Buffer.byteLength(event.json) + overheadBytes);
    }
    if (event.json === undefined) remove(index);
    return event.json === undefined
      ? undefined
      : { id: event.id, sequence: event.sequence, json: event.json };
  };

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
      const all: { readonly event: PendingEvent; readonly index: number }[] = [];
      for (let index = head; index < queue.length; index++) {
        const event = queue[index];
        const pending = event && encode(event, index);
        if (pending !== undefined) all.push({ event: pending, index });
      }
      const written = write(all.map(({ event }) => event));
      for (const { index } of all.slice(0, written)) remove(index);
    },
    async take(limits: BatchLimits) {
      trim();
      const batch: { readonly event: PendingEvent; readonly index: number }[] = [];
      let [taken, turns] = [0, 0];
      for (let index = head; index < queue.length && batch.length < limits.eventsMax; index++) {
        const event = queue[index];
        if (event === undefined) continue;
        if (event.draft !== undefined && ++turns % encodedPerTurn === 0) await nextTurn();
        const pending = encode(event, index);
        if (pending === undefined) continue;
        taken += event.bytes - overheadBytes;
        if (taken > limits.bytesMax && batch.length > 0) break;
        batch.push({ event: pending, index });
      }
      if (batch.length === 0) return undefined;
      return {
        events: batch.map(({ event }) => event),
        settle(judgements) {
          batch.forEach(({ event, index }, i) => {
            const judgement = judgements[i];
            if (judgement === undefined) return;
            remove(index);
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
      return queue[head]?.takenAt;
    },
    isFull: (limits) => count >= limits.eventsMax || bytes >= limits.bytesMax,
  };
}
