import type { MemoryBudget } from './memory-budget.ts';
import type { QueuedEvent } from './queued-event.ts';

/** Events in the order in which they came. Any of them can be removed; its place stays empty until `trim`. */
export interface EventQueue {
  /** False, and nothing is kept, when the budget has no room. */
  push(event: QueuedEvent): boolean;
  /** Undefined where the event was removed. */
  at(place: number): QueuedEvent | undefined;
  remove(place: number): void;
  /** Notes how many bytes an event takes from now on. */
  resize(event: QueuedEvent, bytes: number): void;
  /** Gives up the empty places in front. Places that were asked for before are wrong afterwards. */
  trim(): void;
  firstPlace(): number;
  /** The place after the last event. */
  endPlace(): number;
  oldest(): QueuedEvent | undefined;
  count(): number;
  bytes(): number;
}

/** Fewer empty places are not worth a copy of the rest. */
const trimmedPlacesMin = 1_024;

export function createEventQueue(budget: MemoryBudget): EventQueue {
  let events: (QueuedEvent | undefined)[] = [];
  let first = 0;
  let count = 0;
  let bytes = 0;

  function resize(event: QueuedEvent, to: number): void {
    budget.give(event.bytes - to);
    bytes += to - event.bytes;
    event.bytes = to;
  }
  function advance(): void {
    while (first < events.length && events[first] === undefined) first += 1;
  }

  return {
    push(event) {
      if (!budget.take(event.bytes)) return false;
      events.push(event);
      count += 1;
      bytes += event.bytes;
      return true;
    },
    at: (place) => events[place],
    remove(place) {
      const event = events[place];
      if (event === undefined) return;
      events[place] = undefined;
      count -= 1;
      resize(event, 0);
    },
    resize,
    trim() {
      advance();
      // Shifting the events out one by one would copy the rest each time.
      if (first <= trimmedPlacesMin || first * 2 <= events.length) return;
      events = events.slice(first);
      first = 0;
    },
    firstPlace: () => first,
    endPlace: () => events.length,
    oldest() {
      advance();
      return events[first];
    },
    count: () => count,
    bytes: () => bytes,
  };
}
