/** One file of a spool. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  /** How far the file may be read. */
  bytesEnd: number;
  /** Events up to there, from the position on where reading started. */
  events: number;
  /** Nothing is appended any more: the file can be removed once it is read. */
  sealed: boolean;
}

/** The files of one sub-spool in their order, and how far the first of them was read. */
export interface SegmentList {
  add(segment: Segment): void;
  grow(segment: Segment, by: { readonly bytes: number; readonly events: number }): void;
  first(): Segment | undefined;
  /** Drops files that are sealed and read, and returns the one in which reading goes on. */
  current(): Segment | undefined;
  /** In the first file. */
  position(): number;
  moveTo(position: number): void;
  /** So many events of the first file were acknowledged. */
  acknowledge(events: number): void;
  /** Events that are not acknowledged. */
  length(): number;
  bytes(): number;
  lastNumber(): number;
  /** Forgets everything, and returns the number of events that were not acknowledged. */
  forget(): number;
}

/** `onDropped`: a file was read to its end and leaves the list. */
export function createSegmentList(onDropped: (segment: Segment) => void): SegmentList {
  const segments: Segment[] = [];
  let position = 0;
  let pending = 0;
  let lastNumber = 0;

  function dropFirst(segment: Segment): void {
    segments.shift();
    position = 0;
    pending -= segment.events;
    onDropped(segment);
  }

  return {
    add(segment) {
      segments.push(segment);
      pending += segment.events;
      lastNumber = Math.max(lastNumber, segment.number);
    },
    grow(segment, by) {
      segment.bytesEnd += by.bytes;
      segment.events += by.events;
      pending += by.events;
    },
    first: () => segments[0],
    current() {
      for (let first = segments[0]; first !== undefined; first = segments[0]) {
        if (position < first.bytesEnd) return first;
        if (!first.sealed) return undefined;
        dropFirst(first);
      }
      return undefined;
    },
    position: () => position,
    moveTo(to) {
      position = to;
    },
    acknowledge(events) {
      pending -= events;
      const [first] = segments;
      if (first !== undefined) first.events -= events;
    },
    length: () => pending,
    bytes: () => segments.reduce((sum, { bytesEnd }) => sum + bytesEnd, 0),
    lastNumber: () => lastNumber,
    forget() {
      const left = pending;
      position = 0;
      pending = 0;
      segments.length = 0;
      return left;
    },
  };
}
