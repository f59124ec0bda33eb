import type { KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { open, stat, utimes, type FileHandle } from 'node:fs/promises';
import { SdkError } from '../sdk-error.ts';
import type { PendingEvent } from '../send/pending-event.ts';
import { createSpoolCipher } from './cipher.ts';
import { encodeFrame, frameBytes } from './frame.ts';
import { createSegmentStore, segmentPath, type Segment, type SegmentStore } from './segment-store.ts';
import { ownerPath, ownerSignEveryMs } from './spool-owner.ts';
import {
  createSubSpool,
  releaseSubSpool,
  removeSubSpool,
  syncDirectory,
  type SubSpool,
} from './sub-spool.ts';
import { writeSynced } from './write-synced.ts';

/** Where one instance keeps events that must survive the process. Made on the disk by the first of them. */
export interface Spool {
  readonly store: SegmentStore;
  /**
   * `done` is called once the event is synced to the disk, or with `spool_full` or `spool_failed`, in the moment when it
   * stops being under way. Calls at the same time share one sync.
   */
  append(event: PendingEvent, done: (error?: SdkError) => void): void;
  /** The same at once, for a process that ends: those whose `append` is under way as well. How many are on disk now. */
  appendNow(events: readonly PendingEvent[]): number;
  /** Events whose `append` is under way. */
  underWay(): number;
  /** Resolves when none is. */
  settled(): Promise<void>;
  /** `report`: what the instance says at its end; undefined where it may not be the end. */
  close(report: object | undefined): void;
}

export interface SpoolSettings {
  readonly directory: string;
  readonly bytesMax: number;
  readonly segmentBytesMax: number;
  readonly instance: string;
  readonly tenant: string | undefined;
  /** Encrypts what is on the disk. */
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

const groupBytesMax = 4_194_304;
const segmentsMin = 8;
/** Appends that wait for the disk; what comes above it is refused. */
const underWayBytesMax = 16_777_216;

export function createSpool(settings: SpoolSettings): Spool {
  const { bytesMax, instance, tenant, key } = settings;
  const cipher = key && createSpoolCipher(key, instance);
  // A file goes as a whole: one as large as the quota would keep it full after all of it was sent.
  const segmentBytesMax = Math.min(settings.segmentBytesMax, bytesMax / segmentsMin);
  let place:
    { readonly sub: SubSpool; readonly store: SegmentStore; readonly sign: NodeJS.Timeout } | undefined;
  let active: { readonly segment: Segment; readonly file: FileHandle } | undefined;
  let waiting: Append[] = [];
  let group: readonly Append[] = [];
  let underWayBytes = 0;
  let writing: Promise<void> | undefined;
  let segmentsMade = 0;

  function opened(): NonNullable<typeof place> {
    if (place !== undefined) return place;
    const sub = createSubSpool(settings.directory, { instance, tenant, cipher });
    const sign = setInterval(() => {
      const now = new Date();
      void utimes(ownerPath(sub.path), now, now).catch(() => undefined);
    }, ownerSignEveryMs);
    sign.unref();
    place = { sub, sign, store: createSegmentStore(sub.path, { ...settings, cipher }) };
    return place;
  }

  async function activeSegment(): Promise<NonNullable<typeof active>> {
    const { sub, store } = opened();
    if (active !== undefined) return active;
    cipher?.renew();
    const number = ++segmentsMade;
    const path = segmentPath(sub.path, number);
    const file = await open(path, 'wx', 0o600);
    active = { file, segment: { number, path, bytesEnd: 0, events: 0, sealed: false } };
    store.add(active.segment);
    syncDirectory(sub.path);
    return active;
  }

  async function seal(): Promise<void> {
    if (active === undefined) return;
    const { segment, file } = active;
    active = undefined;
    segment.sealed = true;
    await file.close().catch(() => undefined);
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      group = nextGroup();
      await writeGroup(group).catch((cause: unknown) => finish(errorOf(cause)));
      settings.onAppended();
    }
    // In the same moment as the look above: an event that comes later starts anew.
    writing = undefined;
  }

  function finish(error?: SdkError): void {
    const finished = group;
    group = [];
    for (const { bytes, done } of finished) {
      underWayBytes -= bytes;
      done(error);
    }
  }

  function nextGroup(): readonly Append[] {
    let [sum, count] = [0, 0];
    for (const { bytes } of waiting) {
      sum += bytes;
      if (sum > groupBytesMax && count > 0) break;
      count += 1;
    }
    return waiting.splice(0, count);
  }

  async function writeGroup(appends: readonly Append[]): Promise<void> {
    const { segment, file } = await activeSegment();
    const bytes = Buffer.concat(appends.map(({ event }) => encodeFrame(event, cipher)));
    try {
      for (let at = 0; at < bytes.length;)
        at += (await file.write(bytes, at, bytes.length - at, segment.bytesEnd + at)).bytesWritten;
      await file.datasync();
    } catch (cause) {
      // What was half written must not come back to life after a restart.
      const cut = await file.truncate(segment.bytesEnd).then(
        () => true,
        () => false,
      );
      if (!cut || !isFull(cause)) await seal();
      throw cause;
    }
    if (await isTakenOver()) return writeGroup(appends);
    const { store } = opened();
    store.grow(segment, { bytes: bytes.length, events: appends.length });
    finish();
    if (segment.bytesEnd >= segmentBytesMax) await seal();
    store.tidy();
  }

  /** Only a directory that is still ours after the sync counts: whoever took it over may have read it before. */
  async function isTakenOver(): Promise<boolean> {
    if (place === undefined) return false;
    const { sub, store, sign } = place;
    const found = await stat(sub.path).catch(() => undefined);
    if (found?.ino === sub.inode) return false;
    await active?.file.close().catch(() => undefined);
    clearInterval(sign);
    [active, place] = [undefined, undefined];
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
        return done(new SdkError('spool_full', 'the disk does not keep up'));
      if (onDisk() + underWayBytes + bytes > bytesMax)
        return done(new SdkError('spool_full', `the spool holds its ${bytesMax} bytes`));
      underWayBytes += bytes;
      waiting.push({ event, bytes, done });
      writing ??= writeAll();
    },
    appendNow(events) {
      const unwritten = [...group, ...waiting].map(({ event }) => event);
      const all = [...unwritten, ...events].toSorted((a, b) => a.sequence - b.sequence);
      const frames: Buffer[] = [];
      let bytes = onDisk();
      cipher?.renew();
      for (const event of all) {
        const frame = encodeFrame(event, cipher);
        bytes += frame.length;
        if (bytes > bytesMax) break;
        frames.push(frame);
      }
      if (frames.length === 0) return 0;
      const { sub, store } = opened();
      const number = ++segmentsMade;
      const path = segmentPath(sub.path, number);
      writeSynced(path, Buffer.concat(frames), 'wx');
      syncDirectory(sub.path);
      store.add({ number, path, bytesEnd: statSync(path).size, events: frames.length, sealed: true });
      waiting = [];
      return frames.length;
    },
    underWay: () => waiting.length + group.length,
    settled: () => writing ?? Promise.resolve(),
    close(report) {
      if (place === undefined) return;
      clearInterval(place.sign);
      void active?.file.close().catch(() => undefined);
      if (place.store.length() === 0) removeSubSpool(place.sub);
      else releaseSubSpool(place.sub, report);
    },
  };
}

const emptyStore: SegmentStore = createSegmentStore('', { cipher: undefined, onDamaged: () => undefined });

function isFull(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT');
}

function errorOf(cause: unknown): SdkError {
  if (isFull(cause)) return new SdkError('spool_full', 'the disk of the spool is full', { cause });
  return new SdkError('spool_failed', `the spool cannot be written: ${String(cause)}`, { cause });
}
