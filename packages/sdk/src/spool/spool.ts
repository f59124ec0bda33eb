import type { KeyObject } from 'node:crypto';
import { SdkError } from '../sdk-error.ts';
import type { PendingEvent } from '../send/pending-event.ts';
import { createAppendQueue } from './append-queue.ts';
import { createSpoolCipher, type SpoolCipher } from './cipher.ts';
import { encodeFrame, frameBytes } from './frame.ts';
import { createSegmentStore, type SegmentStore } from './segment-store.ts';
import { createSegmentWriter, isDiskFull, type SegmentWriterOptions } from './segment-writer.ts';
import { releaseSubSpool, removeSubSpool } from './sub-spool.ts';

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

export interface SpoolSettings extends Omit<SegmentWriterOptions, 'cipher' | 'onDamaged'> {
  readonly bytesMax: number;
  /** Encrypts what is on the disk. */
  readonly key: KeyObject | undefined;
  readonly onAppended: () => void;
  readonly onDamaged: (damage: { readonly bytes: number; readonly events: number }) => void;
}

const segmentsMin = 8;
/** Bytes of the appends that wait for the disk; further appends are refused. */
const underWayBytesMax = 16_777_216;

export function createSpool(settings: SpoolSettings): Spool {
  const { bytesMax, instance, key, onAppended } = settings;
  const cipher = key && createSpoolCipher(key, instance);
  // A file is removed as a whole: one as large as the whole spool would keep it full until all its events were sent.
  const segmentBytesMax = Math.min(settings.segmentBytesMax, bytesMax / segmentsMin);
  const writer = createSegmentWriter({ ...settings, cipher, segmentBytesMax });
  const queue = createAppendQueue();
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    for (let group = queue.startGroup(); group.length > 0; group = queue.startGroup()) {
      await writer.write(group, queue.finishGroup).catch((cause: unknown) => {
        queue.finishGroup(errorOf(cause));
      });
      onAppended();
    }
    // No event can come between the last look at the queue and this line: a later one starts the writing anew.
    writing = undefined;
  }

  const onDisk = (): number => writer.place()?.store.bytes() ?? 0;

  return {
    get store() {
      return writer.place()?.store ?? emptyStore;
    },
    append(event, done) {
      const bytes = frameBytes(event, cipher);
      if (queue.bytes() + bytes > underWayBytesMax)
        return done(new SdkError('spool_full', 'the disk is too slow for the events'));
      if (onDisk() + queue.bytes() + bytes > bytesMax)
        return done(new SdkError('spool_full', `the spool holds its ${bytesMax} bytes`));
      queue.push({ event, bytes, done });
      writing ??= writeAll();
    },
    appendNow(events) {
      const all = [...queue.unwritten(), ...events].toSorted((a, b) => a.sequence - b.sequence);
      cipher?.renew();
      const frames = framesWithin(bytesMax - onDisk(), all, cipher);
      if (frames.length === 0) return 0;
      writer.writeNow(Buffer.concat(frames), frames.length);
      queue.forgetWaiting();
      return frames.length;
    },
    underWay: queue.length,
    settled: () => writing ?? Promise.resolve(),
    close(report) {
      const place = writer.place();
      if (place === undefined) return;
      place.stopSigning();
      writer.closeFile();
      if (place.store.length() === 0) removeSubSpool(place.sub);
      else releaseSubSpool(place.sub, report);
    },
  };
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
  return new SdkError('spool_failed', `the spool cannot be written: ${String(cause)}`, { cause });
}
