import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readAcknowledged, removeAcknowledged, writeAcknowledged } from './acknowledged-position.ts';
import type { SpoolCipher } from './cipher.ts';
import type { Segment } from './segment-file.ts';
import { readSegment, type PageLimits, type SegmentPage } from './segment-reader.ts';

/** The files of one sub-spool and how far they were acknowledged. All of it can be found out by reading the files. */
export interface SegmentStore {
  add(segment: Segment): void;
  /** Events were appended to a segment of the store and are on disk. */
  grow(segment: Segment, by: { readonly bytes: number; readonly events: number }): void;
  /** The next events that are not acknowledged; undefined when there are none. */
  page(limits: PageLimits): Promise<SegmentPage | undefined>;
  /** The page was acknowledged as a whole. Calls `settled` when that is on disk, unless all was forgotten meanwhile. */
  acknowledge(page: SegmentPage, settled: () => void): Promise<void>;
  /** Removes files that are sealed and acknowledged. */
  tidy(): void;
  /** Events that are not acknowledged. */
  length(): number;
  bytes(): number;
  /** Reads what an earlier owner left. */
  scan(): Promise<void>;
  /** Drops all state, and returns the number of events that were not acknowledged. */
  forget(): number;
}

export interface SegmentStoreOptions {
  /** Of a spool that has a key. */
  readonly cipher: SpoolCipher | undefined;
  /** Called when bytes were changed, and when a file was read in which this number of `events` was missing. */
  readonly onDamaged: (damage: {
    readonly bytes: number;
    readonly events: number;
    readonly path: string;
  }) => void;
}

const scanLimits: PageLimits = { eventsMax: 10_000, bytesMax: 1_048_576 };
const segmentName = /^(\d{8})\.segment$/;

export function createSegmentStore(
  directory: string,
  { cipher, onDamaged }: SegmentStoreOptions,
): SegmentStore {
  const segments: Segment[] = [];
  // How far the first segment was read.
  let position = 0;
  let pending = 0;

  /** Removes segments that are sealed and read, and returns the one in which reading goes on. */
  function current(): Segment | undefined {
    for (let first = segments[0]; first !== undefined; first = segments[0]) {
      if (position < first.bytesEnd) return first;
      if (!first.sealed) return undefined;
      segments.shift();
      position = 0;
      pending -= first.events;
      if (first.events > 0) onDamaged({ bytes: 0, events: first.events, path: first.path });
      rmSync(first.path, { force: true });
      removeAcknowledged(first.path);
    }
    return undefined;
  }

  function add(segment: Segment): void {
    segments.push(segment);
    pending += segment.events;
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
        const { path, bytesEnd } = segment;
        const page = await readSegment(path, { position, bytesEnd, cipher }, limits);
        if (segment !== segments[0]) return undefined;
        if (page.damagedBytes > 0) onDamaged({ bytes: page.damagedBytes, events: 0, path });
        if (page.frames.length > 0) return page;
        position = page.position;
      }
      return undefined;
    },
    async acknowledge(page, settled) {
      const [segment] = segments;
      if (segment === undefined) return;
      const isRemovedNext = page.position >= segment.bytesEnd && segment.sealed;
      if (!isRemovedNext) await writeAcknowledged(segment.path, page.position);
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
    async scan() {
      for (const segment of segmentsIn(directory)) {
        // Only the first can be acknowledged in part: those before it are gone.
        const isFirst = segments.length === 0;
        const from = isFirst ? await readAcknowledged(segment.path) : 0;
        segment.events = await countEvents(segment, from, cipher);
        if (isFirst) position = from;
        add(segment);
      }
    },
    forget() {
      const left = pending;
      position = 0;
      pending = 0;
      segments.length = 0;
      return left;
    },
  };
}

function segmentsIn(directory: string): readonly Segment[] {
  const names = readdirSync(directory).filter((name) => segmentName.test(name));
  return names.toSorted().map((name) => {
    const path = join(directory, name);
    const number = Number(segmentName.exec(name)?.[1]);
    return { number, path, bytesEnd: statSync(path).size, events: 0, sealed: true };
  });
}

async function countEvents(
  { path, bytesEnd }: Segment,
  from: number,
  cipher: SpoolCipher | undefined,
): Promise<number> {
  let events = 0;
  let position = from;
  while (position < bytesEnd) {
    const page = await readSegment(path, { position, bytesEnd, cipher }, scanLimits);
    events += page.frames.length;
    position = page.position;
  }
  return events;
}
