import { statSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../host/has-code.ts';
import { syncDirectory } from './sub-spool.ts';
import { writeSynced } from './write-synced.ts';

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

export interface OpenSegment {
  readonly segment: Segment;
  readonly file: FileHandle;
}

export function segmentPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(8, '0')}.segment`);
}

/** Makes the file and its name in the directory. Rejects with what the file system says. */
export async function openSegment(directory: string, number: number): Promise<OpenSegment> {
  const path = segmentPath(directory, number);
  const file = await open(path, 'wx', 0o600);
  syncDirectory(directory);
  return { file, segment: { number, path, bytesEnd: 0, events: 0, sealed: false } };
}

/** Writes a whole file and waits for the disk. Throws what the file system says. */
export function writeSegment(directory: string, number: number, frames: readonly Buffer[]): Segment {
  const path = segmentPath(directory, number);
  writeSynced(path, Buffer.concat(frames), 'wx');
  syncDirectory(directory);
  return { number, path, bytesEnd: statSync(path).size, events: frames.length, sealed: true };
}

/** Appends at a position and waits for the disk. Rejects with what the file system says. */
export async function appendSynced(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
  await file.datasync();
}

/** Cuts the file off after this many bytes; false when that fails. */
export function isTruncated(file: FileHandle, bytes: number): Promise<boolean> {
  return file.truncate(bytes).then(
    () => true,
    () => false,
  );
}

export function isDiskFull(cause: unknown): boolean {
  return hasCode(cause, 'ENOSPC') || hasCode(cause, 'EDQUOT');
}
