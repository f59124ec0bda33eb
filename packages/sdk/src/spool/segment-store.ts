import { readdirSync, rmSync, statSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SpoolCipher } from './cipher.ts';
import { decodeFrame, encodeFrame } from './frame.ts';
import { readSegment, type PageLimits, type SegmentPage } from './segment-reader.ts';

/** One file of a spool. `bytesEnd`: how far it may be read. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  bytesEnd: number;
  /** Events up to there, from the position on where reading started. */
  events: number;
  /** Nothing is appended any more: it can go once it is read. */
  sealed: boolean;
}

/** The files of one sub-spool and how far they were acknowledged. All of it is found out by reading the files. */
export interface SegmentStore {
  add(segment: Segment): void;
  /** Events were appended to a segment of the store and are on disk. */
  grow(segment: Segment, by: { readonly bytes: number; readonly events: number }): void;
  /** The next events that are not acknowledged; undefined when there are none. */
  page(limits: PageLimits): Promise<SegmentPage | undefined>;
  /** The page was acknowledged as a whole; `settled` is called when that is on disk, unless all was forgotten meanwhile. */
  acknowledge(page: SegmentPage, settled: () => void): Promise<void>;
  /** Removes files that are sealed and acknowledged. */
  tidy(): void;
  /** Events that are not acknowledged. */
  length(): number;
  bytes(): number;
  lastNumber(): number;
  /** Reads what an earlier owner left. */
  scan(): Promise<void>;
  /** Forgets everything; the number of events that were not acknowledged. */
  forget(): number;
}

export interface SegmentStoreOptions {
  /** Of a spool that has a key. */
  readonly cipher: SpoolCipher | undefined;
  /** Bytes were not what was written; `events` that are missing from the count for it. */
  readonly onDamaged: (damage: {
    readonly bytes: number;
    readonly events: number;
    readonly path: string;
  }) => void;
}

const scanLimits: PageLimits = { eventsMax: 10_000, bytesMax: 1_048_576 };
const segmentName = /^(\d{8})\.segment$/;

export function segmentPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(8, '0')}.segment`);
}

export function createSegmentStore(
  directory: string,
  { cipher, onDamaged }: SegmentStoreOptions,
): SegmentStore {
  const segments: Segment[] = [];
  // Within the first segment.
  let position = 0;
  let pending = 0;
  let lastNumber = 0;

  function drop(segment: Segment): void {
    segments.shift();
    position = 0;
    pending -= segment.events;
    if (segment.events > 0) onDamaged({ bytes: 0, events: segment.events, path: segment.path });
    rmSync(segment.path, { force: true });
    rmSync(ackPath(segment), { force: true });
  }

  /** Removes what is read; the segment where reading goes on. */
  function current(): Segment | undefined {
    for (let first = segments[0]; first !== undefined; first = segments[0]) {
      if (position < first.bytesEnd) return first;
      if (!first.sealed) return undefined;
      drop(first);
    }
    return undefined;
  }

  async function countIn(segment: Segment, from: number): Promise<void> {
    const at = { position: from, bytesEnd: segment.bytesEnd, cipher };
    while (at.position < at.bytesEnd) {
      const page = await readSegment(segment.path, at, scanLimits);
      segment.events += page.frames.length;
      at.position = page.position;
    }
  }

  function add(segment: Segment): void {
    segments.push(segment);
    pending += segment.events;
    lastNumber = Math.max(lastNumber, segment.number);
  }

  return {
    add,
    grow(segment, by) {
      segment.bytesEnd += by.bytes;
      segment.events += by.events;
      pending += by.events;
    },
    async page(limits) {
      for (let segment = current(); segment !== undefined; segment = current()) {
        const page = await readSegment(
          segment.path,
          { position, bytesEnd: segment.bytesEnd, cipher },
          limits,
        );
        if (segment !== segments[0]) return undefined;
        if (page.damagedBytes > 0) onDamaged({ bytes: page.damagedBytes, events: 0, path: segment.path });
        if (page.frames.length > 0) return page;
        position = page.position;
      }
      return undefined;
    },
    async acknowledge(page, settled) {
      const [segment] = segments;
      if (segment === undefined) return;
      if (page.position < segment.bytesEnd || !segment.sealed) {
        // Not synced, and a failure does no harm: what is sent once more is known to the server by its id.
        const frame = encodeFrame({ sequence: 0, json: JSON.stringify(page.position) });
        await appendFile(ackPath(segment), frame, { mode: 0o600 }).catch(() => undefined);
      }
      if (segment !== segments[0]) return;
      position = page.position;
      pending -= page.frames.length;
      segment.events -= page.frames.length;
      settled();
      current();
    },
    tidy: () => void current(),
    length: () => pending,
    bytes: () => segments.reduce((sum, { bytesEnd }) => sum + bytesEnd, 0),
    lastNumber: () => lastNumber,
    async scan() {
      const names = readdirSync(directory).filter((name) => segmentName.test(name));
      for (const name of names.toSorted()) {
        const path = join(directory, name);
        const number = Number(segmentName.exec(name)?.[1]);
        const segment: Segment = { number, path, bytesEnd: statSync(path).size, events: 0, sealed: true };
        // Only the first can be acknowledged in part: those before it are gone.
        const from = segments.length === 0 ? await readAcknowledged(ackPath(segment)) : 0;
        await countIn(segment, from);
        if (segments.length === 0) position = from;
        add(segment);
      }
    },
    forget() {
      const left = pending;
      [position, pending] = [0, 0];
      segments.length = 0;
      return left;
    },
  };
}

function ackPath({ path }: Segment): string {
  return `${path}.acknowledged`;
}

/** The last position that is whole: a torn one is as if it had not been written. */
async function readAcknowledged(path: string): Promise<number> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  let acknowledged = 0;
  for (let at = 0; at < bytes.length;) {
    const framed = decodeFrame(bytes, at);
    if (typeof framed === 'string') break;
    const position = Number(framed.json);
    if (Number.isSafeInteger(position) && position >= 0) acknowledged = position;
    at = framed.end;
  }
  return acknowledged;
}
