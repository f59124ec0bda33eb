import type { SdkError } from '../sdk-error.ts';
import type { PendingEvent } from '../send/pending-event.ts';

/** An event that is to be written, and whom to call when it is on the disk. */
export interface Append {
  readonly event: PendingEvent;
  readonly bytes: number;
  readonly done: (error?: SdkError) => void;
}

/** Appends that wait for the disk, in groups that share one sync. */
export interface AppendQueue {
  push(append: Append): void;
  /** Starts the next group, the oldest appends; empty when none waits. */
  startGroup(): readonly Append[];
  /** Calls `done` of each append of the group. */
  finishGroup(error?: SdkError): void;
  /** The events of the group and those that wait. */
  unwritten(): readonly PendingEvent[];
  /** Forgets the appends that wait, because their events were written in another way. */
  forgetWaiting(): void;
  length(): number;
  bytes(): number;
}

const groupBytesMax = 4_194_304;

export function createAppendQueue(): AppendQueue {
  let waiting: Append[] = [];
  let group: readonly Append[] = [];
  let bytes = 0;
  return {
    push(append) {
      bytes += append.bytes;
      waiting.push(append);
    },
    startGroup() {
      group = waiting.splice(0, groupLength(waiting));
      return group;
    },
    finishGroup(error) {
      const finished = group;
      group = [];
      for (const append of finished) {
        bytes -= append.bytes;
        append.done(error);
      }
    },
    unwritten: () => [...group, ...waiting].map(({ event }) => event),
    forgetWaiting() {
      waiting = [];
    },
    length: () => waiting.length + group.length,
    bytes: () => bytes,
  };
}

/** How many appends fit into a group; at least one where any waits. */
function groupLength(waiting: readonly Append[]): number {
  let groupBytes = 0;
  let count = 0;
  for (const { bytes } of waiting) {
    groupBytes += bytes;
    if (groupBytes > groupBytesMax && count > 0) break;
    count += 1;
  }
  return count;
}
