import { tileWidthFull } from './tile.ts';

/** The longest entry that a bundle can hold, in bytes: its length is a uint16 (C2SP tlog-tiles, log entries). */
export const entryLengthMaxBytes = 65_535;

/** Entries one after the other, each with its big-endian uint16 length. RangeError for an entry over 65,535 bytes. */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const entry of entries) {
    if (entry.length > entryLengthMaxBytes)
      throw new RangeError(`an entry of ${entry.length} bytes fits no bundle`);
    view.setUint16(at, entry.length);
    bytes.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bytes;
}

/** The well-formed entries of a bundle. `complete` is false when the bundle ends too early or has more bytes after them. */
export interface DecodedBundle {
  readonly entries: readonly Uint8Array[];
  readonly complete: boolean;
}

/** Splits a bundle of `width` entries without copying. Malformed or superfluous bytes are left out and make it incomplete. */
export function decodeEntryBundle(bytes: Uint8Array, width: number = tileWidthFull): DecodedBundle {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (entries.length < width && at + 2 <= bytes.length) {
    const end = at + 2 + view.getUint16(at);
    if (end > bytes.length) break;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return { entries, complete: entries.length === width && at === bytes.length };
}
