import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readAcknowledged, removeAcknowledged, writeAcknowledged } from './acknowledged-position.ts';
import type { SpoolCipher } from './cipher.ts';
import { createSegmentList, type Segment } from './segment-list.ts';
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
  lastNumber(): number;
  /** Reads what an earlier owner left. */
  scan(): Promise<void>;
  /** Forgets everything, and returns the number of events that were not acknowledged. */
  forget(): number;
}

export interface SegmentStoreOptions {
  /** Of a spool that has a key. */
  readonly cipher: SpoolCipher | undefined;
  /** Called when bytes are not what was written, and when a file was read in which so many `events` were missing. */
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
  const list = createSegmentList(({ path, events }) => {
    if (events > 0) onDamaged({ bytes: 0, events, path });
    rmSync(path, { force: true });
    removeAcknowledged(path);
  });

  return {
    add: list.add,
    grow: list.grow,
    async page(limits) {
      for (let segment = list.current(); segment !== undefined; segment = list.current()) {
        const { path, bytesEnd } = segment;
        const page = await readSegment(path, { position: list.position(), bytesEnd, cipher }, limits);
        if (segment !== list.first()) return undefined;
        if (page.damagedBytes > 0) onDamaged({ bytes: page.damagedBytes, events: 0, path });
        if (page.frames.length > 0) return page;
        list.moveTo(page.position);
      }
      return undefined;
    },
    async acknowledge(page, settled) {
      const segment = list.first();
      if (segment === undefined) return;
      const isRemovedNext = page.position >= segment.bytesEnd && segment.sealed;
      if (!isRemovedNext) await writeAcknowledged(segment.path, page.position);
      if (segment !== list.first()) return;
      list.moveTo(page.position);
      list.acknowledge(page.frames.length);
      settled();
      list.current();
    },
    tidy: () => void list.current(),
    length: list.length,
    bytes: list.bytes,
    lastNumber: list.lastNumber,
    async scan() {
      for (const segment of segmentsIn(directory)) {
        // Only the first can be acknowledged in part: those before it are gone.
        const isFirst = list.first() === undefined;
        const from = isFirst ? await readAcknowledged(segment.path) : 0;
        segment.events = await countEvents(segment, from, cipher);
        if (isFirst) list.moveTo(from);
        list.add(segment);
      }
    },
    forget: list.forget,
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
