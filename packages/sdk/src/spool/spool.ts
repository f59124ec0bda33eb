import type { KeyObject } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { SdkError } from '../sdk-error.ts';
import type { PendingEvent } from '../send/pending-event.ts';
import { createSpoolCipher, type SpoolCipher } from './cipher.ts';
import { encodeFrame, frameBytes } from './frame.ts';
import {
  appendSynced,
  isDiskFull,
  isTruncated,
  openSegment,
  writeSegment,
  type OpenSegment,
} from './segment-file.ts';
import { createSegmentStore, type SegmentStore } from './segment-store.ts';
import { spoolFailure } from './spool-failure.ts';
import { ownerSignEveryMs, signAsOwner } from './spool-owner.ts';
import { createSubSpool, releaseSubSpool, removeSubSpool, type SubSpool } from './sub-spool.ts';

/** Where one instance keeps events that must survive the process. The first event makes it on the disk. */
export interface Spool {
  readonly store: SegmentStore;
  /**
   * Calls `done` once the event is synced to the disk, or with `spool_full` or `spool_failed`, and from that moment on the
   * event is no longer under way. Calls at the same time share one sync.
   */
  append(event: PendingEvent, done: (error?: SdkError) => void): void;
  /** Writes the events, and those whose `append` is under way, at once, because the process ends. Returns how many are written. */
  appendNow(events: readonly PendingEvent[]): number;
  /** The number of events whose `append` is under way. */
  underWay(): number;
  /** Resolves when no `append` is under way. */
  settled(): Promise<void>;
  /** `report`: what the instance reports at its end; undefined where it may not be the end. */
  close(report: object | undefined): void;
}

export interface SpoolSettings {
  readonly directory: string;
  readonly bytesMax: number;
  readonly segmentBytesMax: number;
  readonly instance: string;
  readonly tenant: string | undefined;
  /** Encrypts the events on the disk. */
  readonly key: KeyObject | undefined;
  readonly onAppended: () => void;
  readonly onDamaged: (damage: { readonly bytes: number; readonly events: number }) => void;
  /** Another process took these events over and sends them. */
  readonly onTakenOver: (events: number) => void;
}

interface Append {
  readonly event: PendingEvent;
  readonly bytes: number;
  readonly done: (error?: SdkError) => void;
}

/** The directory of the instance in the spool, which a timer signs as its owner's. */
interface Place {
  readonly sub: SubSpool;
  readonly store: SegmentStore;
  readonly signing: NodeJS.Timeout;
}

const groupBytesMax = 4_194_304;
const segmentsMin = 8;
/** Bytes of the appends that wait for the disk; further appends are refused. */
const underWayBytesMax = 16_777_216;

/** One closure has the queue, the file and the directory, because separate ones would exceed the size that the SDK promises. */
export function createSpool(settings: SpoolSettings): Spool {
  const { bytesMax, instance, key } = settings;
  const cipher = key && createSpoolCipher(key, instance);
  // A file is removed as a whole: one as large as the whole spool would keep it full until all its events were sent.
  const segmentBytesMax = Math.min(settings.segmentBytesMax, bytesMax / segmentsMin);
  let place: Place | undefined;
  let active: OpenSegment | undefined;
  let waiting: Append[] = [];
  let group: readonly Append[] = [];
  let underWayBytes = 0;
  let writing: Promise<void> | undefined;
  let segmentsMade = 0;

  const openPlace = (): Place => (place ??= createPlace(settings, cipher));

  async function activeSegment(): Promise<OpenSegment> {
    const { sub, store } = openPlace();
    if (active !== undefined) return active;
    cipher?.renew();
    active = await openSegment(sub.path, ++segmentsMade);
    store.add(active.segment);
    return active;
  }

  async function seal({ segment, file }: OpenSegment): Promise<void> {
    active = undefined;
    segment.sealed = true;
    await file.close().catch(() => undefined);
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      group = waiting.splice(0, groupLength(waiting));
      await writeGroup().catch((cause: unknown) => finishGroup(errorOf(cause)));
      settings.onAppended();
    }
    // No event can come between the last look at the queue and this line: a later one starts the writing anew.
    writing = undefined;
  }

  async function writeGroup(): Promise<void> {
    const own = await activeSegment();
    const { segment, file } = own;
    const bytes = Buffer.concat(group.map(({ event }) => encodeFrame(event, cipher)));
    try {
      await appendSynced(file, bytes, segment.bytesEnd);
    } catch (cause) {
      // Without the cut, half-written events could be read after a restart.
      const isCut = await isTruncated(file, segment.bytesEnd);
      if (!isCut || !isDiskFull(cause)) await seal(own);
      throw cause;
    }
    if (await isTakenOver()) return writeGroup();
    const { store } = openPlace();
    store.grow(segment, { bytes: bytes.length, events: group.length });
    finishGroup();
    if (segment.bytesEnd >= segmentBytesMax) await seal(own);
    store.tidy();
  }

  function finishGroup(error?: SdkError): void {
    const finished = group;
    group = [];
    for (const { bytes, done } of finished) {
      underWayBytes -= bytes;
      done(error);
    }
  }

  /** Called after the sync, because a process that took the directory over may have read it before the events were written. */
  async function isTakenOver(): Promise<boolean> {
    if (place === undefined) return false;
    const { sub, store, signing } = place;
    // Another directory at the same path is not ours.
    const current = await stat(sub.path).catch(() => undefined);
    if (current?.ino === sub.inode) return false;
    await active?.file.close().catch(() => undefined);
    clearInterval(signing);
    active = undefined;
    place = undefined;
    settings.onTakenOver(store.forget());
    return true;
  }

  const onDisk = (): number => place?.store.bytes() ?? 0;

  return {
    get store() {
      return place?.store ?? emptyStore;
    },
    append(event, done) {
      const bytes = frameBytes(event, cipher);
      if (underWayBytes + bytes > underWayBytesMax)
        return done(new SdkError('spool_full', 'the disk is too slow'));
      if (onDisk() + underWayBytes + bytes > bytesMax)
        return done(new SdkError('spool_full', `the spool holds its ${bytesMax} bytes`));
      underWayBytes += bytes;
      waiting.push({ event, bytes, done });
      writing ??= writeAll();
    },
    appendNow(events) {
      const unwritten = [...group, ...waiting].map(({ event }) => event);
      const all = [...unwritten, ...events].toSorted((a, b) => a.sequence - b.sequence);
      cipher?.renew();
      const frames = framesWithin(bytesMax - onDisk(), all, cipher);
      if (frames.length === 0) return 0;
      const { sub, store } = openPlace();
      store.add(writeSegment(sub.path, ++segmentsMade, frames));
      waiting = [];
      return frames.length;
    },
    underWay: () => waiting.length + group.length,
    settled: () => writing ?? Promise.resolve(),
    close(report) {
      if (place === undefined) return;
      clearInterval(place.signing);
      void active?.file.close().catch(() => undefined);
      if (place.store.length() === 0) removeSubSpool(place.sub);
      else releaseSubSpool(place.sub, report);
    },
  };
}

/** Makes the directory. Throws what the file system says. */
function createPlace(settings: SpoolSettings, cipher: SpoolCipher | undefined): Place {
  const sub = createSubSpool(settings.directory, { ...settings, cipher });
  const signing = setInterval(() => signAsOwner(sub.path), ownerSignEveryMs);
  signing.unref();
  return { sub, signing, store: createSegmentStore(sub.path, { ...settings, cipher }) };
}

/** How many appends share the next sync; at least one. */
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

const emptyStore: SegmentStore = createSegmentStore('', { cipher: undefined, onDamaged: () => undefined });

/** The frames of the first events, as many as fit. */
function framesWithin(
  bytesMax: number,
  events: readonly PendingEvent[],
  cipher: SpoolCipher | undefined,
): readonly Buffer[] {
  const frames: Buffer[] = [];
  let bytes = 0;
  for (const event of events) {
    const frame = encodeFrame(event, cipher);
    bytes += frame.length;
    if (bytes > bytesMax) break;
    frames.push(frame);
  }
  return frames;
}

function errorOf(cause: unknown): SdkError {
  if (isDiskFull(cause)) return new SdkError('spool_full', 'the disk of the spool is full', { cause });
  return spoolFailure('written', cause);
}
