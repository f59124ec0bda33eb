import { open, type FileHandle } from 'node:fs/promises';
import type { SpoolCipher } from './cipher.ts';
import { decodeFrame, headerBytes, nextMark, type Framed } from './frame.ts';

/** Events of one file from a position on. */
export interface SegmentPage {
  readonly frames: readonly Framed[];
  /** Bytes that were no event and were passed over. */
  readonly damagedBytes: number;
  /** Where the next page starts; `bytesEnd` when nothing follows. */
  readonly position: number;
}

export interface PageLimits {
  readonly eventsMax: number;
  /** Of the events' texts; one event may be larger. */
  readonly bytesMax: number;
}

/** The part of a file that is read. */
export interface SegmentPart {
  readonly position: number;
  readonly bytesEnd: number;
  /** Of a spool that has a key. */
  readonly cipher: SpoolCipher | undefined;
}

const chunkBytesMin = 65_536;
const chunkBytesMax = 4_194_304;

/**
 * Reads the events from `position` on, up to `bytesEnd` of the file. Damaged bytes are passed over, up to the next event
 * whose check is right. Rejects with what the file system says.
 */
export async function readSegment(path: string, part: SegmentPart, limits: PageLimits): Promise<SegmentPage> {
  const file = await open(path, 'r');
  try {
    return await readPage(file, part, limits);
  } finally {
    await file.close();
  }
}

async function readPage(
  file: FileHandle,
  { position, bytesEnd, cipher }: SegmentPart,
  limits: PageLimits,
): Promise<SegmentPage> {
  const frames: Framed[] = [];
  let damagedBytes = 0;
  let textBytes = 0;
  let at = position;
  let chunkBytes = Math.min(Math.max(limits.bytesMax, chunkBytesMin), chunkBytesMax);
  while (at < bytesEnd && frames.length < limits.eventsMax) {
    const chunk = await readChunk(file, at, Math.min(chunkBytes, bytesEnd - at));
    // The file is shorter than it was: the bytes that are gone count as damaged.
    if (chunk.length === 0) return { frames, damagedBytes: damagedBytes + bytesEnd - at, position: bytesEnd };
    const last = at + chunk.length >= bytesEnd || chunk.length < Math.min(chunkBytes, bytesEnd - at);
    let offset = 0;
    while (offset < chunk.length && frames.length < limits.eventsMax) {
      const framed = decodeFrame(chunk, offset, cipher);
      if (framed === 'short' && !last) break;
      if (typeof framed === 'string') {
        const next = nextMark(chunk, offset + 1);
        damagedBytes += next - offset;
        offset = next;
        continue;
      }
      textBytes += framed.end - offset - headerBytes;
      if (textBytes > limits.bytesMax && frames.length > 0)
        return { frames, damagedBytes, position: at + offset };
      frames.push({ ...framed, end: at + framed.end });
      offset = framed.end;
    }
    // The chunk holds no whole event: the event is larger than the chunk.
    if (offset === 0) chunkBytes *= 2;
    at += offset;
  }
  return { frames, damagedBytes, position: at };
}

async function readChunk(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(chunk, 0, length, position);
  return chunk.subarray(0, bytesRead);
}
