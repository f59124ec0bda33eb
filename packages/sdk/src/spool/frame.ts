import { crc32 } from 'node:zlib';
import type { PendingEvent } from '../send/pending-event.ts';
import { encryptionBytes, type SpoolCipher } from './cipher.ts';

/**
 * One event in a spool file: mark (4 bytes), length of the text, CRC-32 of number and text, number (6 bytes), the event as
 * JSON, encrypted where the spool has a key. Integers are big-endian. By the mark a reader finds the next event after damaged
 * bytes.
 */
const mark = Buffer.from([0xb1, 0x7a, 0xc0, 0x9a]);
const lengthAt = 4;
const checkAt = 8;
const sequenceAt = 12;
const sequenceBytes = 6;
/** Bytes before the text. */
export const headerBytes = sequenceAt + sequenceBytes;
const textBytesMax = 1_048_576;

/** An event as read, and where the bytes of the next one start. */
export interface Framed {
  readonly sequence: number;
  readonly json: string;
  readonly end: number;
}

/** The length of an event's frame. */
export function frameBytes({ json }: Pick<PendingEvent, 'json'>, cipher?: SpoolCipher): number {
  return headerBytes + Buffer.byteLength(json) + (cipher ? encryptionBytes : 0);
}

export function encodeFrame({ sequence, json }: Omit<PendingEvent, 'id'>, cipher?: SpoolCipher): Buffer {
  const frame = Buffer.allocUnsafe(frameBytes({ json }, cipher));
  mark.copy(frame);
  frame.writeUInt32BE(frame.length - headerBytes, lengthAt);
  frame.writeUIntBE(sequence, sequenceAt, sequenceBytes);
  if (cipher) cipher.encrypt(json, sequence).copy(frame, headerBytes);
  else frame.write(json, headerBytes);
  frame.writeUInt32BE(crc32(frame.subarray(sequenceAt)), checkAt);
  return frame;
}

/**
 * Reads the frame at `at`. `short`: the frame may go on behind the end of `bytes`. `damaged`: there is no frame, or it is not
 * what was written, or it needs another key.
 */
export function decodeFrame(bytes: Buffer, at: number, cipher?: SpoolCipher): Framed | 'short' | 'damaged' {
  const left = bytes.length - at;
  if (mark.compare(bytes, at, Math.min(at + mark.length, bytes.length), 0, Math.min(left, mark.length)) !== 0)
    return 'damaged';
  if (left < headerBytes) return 'short';
  const textBytes = bytes.readUInt32BE(at + lengthAt);
  if (textBytes > textBytesMax) return 'damaged';
  const end = at + headerBytes + textBytes;
  if (end > bytes.length) return 'short';
  if (crc32(bytes.subarray(at + sequenceAt, end)) !== bytes.readUInt32BE(at + checkAt)) return 'damaged';
  const sequence = bytes.readUIntBE(at + sequenceAt, sequenceBytes);
  const text = bytes.subarray(at + headerBytes, end);
  const json = cipher ? cipher.decrypt(text, sequence) : text.toString();
  return json === undefined ? 'damaged' : { sequence, json, end };
}

/** Where the next mark starts, from `from` on. Where there is none, the place of the last 3 bytes, because they may begin one. */
export function nextMark(bytes: Buffer, from: number): number {
  const at = bytes.indexOf(mark, from);
  return at === -1 ? Math.max(from, bytes.length - mark.length + 1) : at;
}
