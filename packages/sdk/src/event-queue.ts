/** An event ready to be sent. `bytes` is the UTF-8 length of `json`. */
export interface QueuedEvent {
  readonly id: string;
  readonly json: string;
  readonly bytes: number;
  readonly queuedAt: number;
}

export interface EventQueue {
  /** False, and nothing is kept, when the limit of bytes would be passed. */
  push(event: QueuedEvent): boolean;
  /** The oldest events, at most so many and so many bytes, at least one. They stay in the queue until removed. */
  peek(limits: { readonly eventsMax: number; readonly bytesMax: number }): readonly QueuedEvent[];
  /** Removes the oldest `count`. */
  remove(count: number): void;
  oldest(): QueuedEvent | undefined;
  length(): number;
  bytes(): number;
}

/** A first-in first-out queue bounded in bytes. */
export function createEventQueue(bytesMax: number): EventQueue {
  let events: QueuedEvent[] = [];
  let first = 0;
  let bytes = 0;
  return {
    push(event) {
      if (bytes + event.bytes > bytesMax) return false;
      events.push(event);
      bytes += event.bytes;
      return true;
    },
    peek(limits) {
      let [end, taken] = [first, 0];
      for (; end < events.length && end - first < limits.eventsMax; end++) {
        taken += events[end]?.bytes ?? 0;
        if (taken > limits.bytesMax && end > first) break;
      }
      return events.slice(first, end);
    },
    remove(count) {
      for (const event of events.slice(first, first + count)) bytes -= event.bytes;
      first = Math.min(first + count, events.length);
      // Shifting one by one would copy the rest each time.
      if (first > 1_024 && first * 2 > events.length) {
        events = events.slice(first);
        first = 0;
      }
    },
    oldest: () => events[first],
    length: () => events.length - first,
    bytes: () => bytes,
  };
}
