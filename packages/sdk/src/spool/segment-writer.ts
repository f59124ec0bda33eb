import { statSync } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import type { Append } from './append-queue.ts';
import { encodeFrame } from './frame.ts';
import type { Segment } from './segment-list.ts';
import { segmentPath } from './segment-store.ts';
import { createSpoolPlace, type SpoolPlace, type SpoolPlaceOptions } from './spool-place.ts';
import { syncDirectory, type SubSpool } from './sub-spool.ts';
import { writeSynced } from './write-synced.ts';

export interface SegmentWriterOptions extends SpoolPlaceOptions {
  readonly segmentBytesMax: number;
  /** Another process took these events over and sends them. */
  readonly onTakenOver: (events: number) => void;
}

/** Writes events into the files of one instance, whose directory the first event makes. */
export interface SegmentWriter {
  /** Undefined before the first event, and after another process took the directory over. */
  place(): SpoolPlace | undefined;
  /** Writes a group of events and waits for the disk, then calls `onWritten`. Rejects with what the file system says. */
  write(group: readonly Append[], onWritten: () => void): Promise<void>;
  /** Writes a whole file of so many events and waits for the disk. Throws what the file system says. */
  writeNow(bytes: Buffer, events: number): void;
  closeFile(): void;
}

interface OpenSegment {
  readonly segment: Segment;
  readonly file: FileHandle;
}

export function createSegmentWriter(options: SegmentWriterOptions): SegmentWriter {
  const { cipher, segmentBytesMax, onTakenOver } = options;
  let place: SpoolPlace | undefined;
  let active: OpenSegment | undefined;
  let segmentsMade = 0;
  const openPlace = (): SpoolPlace => (place ??= createSpoolPlace(options));

  async function activeSegment(): Promise<OpenSegment> {
    const own = openPlace();
    if (active !== undefined) return active;
    cipher?.renew();
    active = await openSegment(own, ++segmentsMade);
    return active;
  }

  async function seal({ segment, file }: OpenSegment): Promise<void> {
    active = undefined;
    segment.sealed = true;
    await file.close().catch(() => undefined);
  }

  /** Asked after the sync: a process that took the directory over may have read it before the events were there. */
  async function isTakenOver(): Promise<boolean> {
    if (place === undefined || (await isUnchanged(place.sub))) return false;
    await active?.file.close().catch(() => undefined);
    place.stopSigning();
    const { store } = place;
    active = undefined;
    place = undefined;
    onTakenOver(store.forget());
    return true;
  }

  async function write(group: readonly Append[], onWritten: () => void): Promise<void> {
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
    if (await isTakenOver()) return write(group, onWritten);
    const { store } = openPlace();
    store.grow(segment, { bytes: bytes.length, events: group.length });
    onWritten();
    if (segment.bytesEnd >= segmentBytesMax) await seal(own);
    store.tidy();
  }

  return {
    place: () => place,
    write,
    writeNow: (bytes, events) => writeSealed(openPlace(), bytes, { events, number: ++segmentsMade }),
    closeFile: () => void active?.file.close().catch(() => undefined),
  };
}

async function openSegment({ sub, store }: SpoolPlace, number: number): Promise<OpenSegment> {
  const path = segmentPath(sub.path, number);
  const file = await open(path, 'wx', 0o600);
  const segment = { number, path, bytesEnd: 0, events: 0, sealed: false };
  store.add(segment);
  syncDirectory(sub.path);
  return { file, segment };
}

function writeSealed(
  { sub, store }: SpoolPlace,
  bytes: Buffer,
  { events, number }: { readonly events: number; readonly number: number },
): void {
  const path = segmentPath(sub.path, number);
  writeSynced(path, bytes, 'wx');
  syncDirectory(sub.path);
  store.add({ number, path, bytesEnd: statSync(path).size, events, sealed: true });
}

async function appendSynced(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
  await file.datasync();
}

function isTruncated(file: FileHandle, bytes: number): Promise<boolean> {
  return file.truncate(bytes).then(
    () => true,
    () => false,
  );
}

/** Whether the directory at the path is still the one that this instance made. */
async function isUnchanged(sub: SubSpool): Promise<boolean> {
  const current = await stat(sub.path).catch(() => undefined);
  return current?.ino === sub.inode;
}

export function isDiskFull(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT');
}
