/**
 * The record of one event in `personal.bytes`, one after the other for the events of a bundle:
 *
 *     varint length of the rest · 8 bytes MAC of the event as received · 8 bytes nonce · varint actor profile id · varint
 *     subject profile id (0: none) · encrypted text group
 *
 * A record of length 0 was erased. Rows of format 0, which earlier versions wrote, have no nonce.
 */
export interface ValuesRecord {
  mac: Buffer;
  /** Random: no other record has the same salts, also when the same id is stored a second time. Empty in format 0. */
  nonce: Buffer;
  actorProfile: number;
  subjectProfile: number;
  /** Ciphertext of the text group's canonical JSON; empty: no such group. */
  text: Buffer;
}

/** A record as it is stored, and the format of its row. */
export interface StoredValues {
  bytes: Buffer;
  format: number;
}

/** The format that is written. */
export const valuesFormat = 1;
export const macBytes = 8;
export const nonceBytes = 8;
const varintBytesMax = 8;

export function encodeValues(record: ValuesRecord): Buffer {
  const actor = varintLength(record.actorProfile);
  const subject = varintLength(record.subjectProfile);
  const length = macBytes + nonceBytes + actor + subject + record.text.length;
  const buffer = Buffer.allocUnsafe(varintLength(length) + length);
  let offset = writeVarint(buffer, length, 0);
  offset += record.mac.copy(buffer, offset);
  offset += record.nonce.copy(buffer, offset);
  offset = writeVarint(buffer, record.actorProfile, offset);
  offset = writeVarint(buffer, record.subjectProfile, offset);
  record.text.copy(buffer, offset);
  return buffer;
}

/** Undefined for an erased record. */
export function decodeValues({ bytes, format }: StoredValues): ValuesRecord | undefined {
  const start = readVarint(bytes, 0);
  if (start.value === 0) return undefined;
  const nonceStart = start.next + macBytes;
  const nonceEnd = nonceStart + (format === 0 ? 0 : nonceBytes);
  const actor = readVarint(bytes, nonceEnd);
  const subject = readVarint(bytes, actor.next);
  return {
    mac: bytes.subarray(start.next, nonceStart),
    nonce: bytes.subarray(nonceStart, nonceEnd),
    actorProfile: actor.value,
    subjectProfile: subject.value,
    text: bytes.subarray(subject.next),
  };
}

export function macOf(values: StoredValues): Buffer | undefined {
  return decodeValues(values)?.mac;
}

/** The records of a bundle's events; fewer than `count` when the row was damaged. */
export function splitValues({ bytes, format }: StoredValues, count: number): StoredValues[] {
  const records: StoredValues[] = [];
  let offset = 0;
  while (records.length < count && offset < bytes.length) {
    const length = readVarint(bytes, offset);
    const end = length.next + length.value;
    if (end > bytes.length) break;
    records.push({ bytes: bytes.subarray(offset, end), format });
    offset = end;
  }
  return records;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

function writeVarint(buffer: Buffer, value: number, offset: number): number {
  let rest = value;
  let at = offset;
  while (rest >= 128) {
    buffer[at++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  buffer[at++] = rest;
  return at;
}

function readVarint(buffer: Buffer, offset: number): { value: number; next: number } {
  let value = 0;
  let factor = 1;
  let at = offset;
  while (at - offset < varintBytesMax) {
    const byte = buffer[at++] ?? 0;
    value += (byte & 127) * factor;
    if (byte < 128) return { value, next: at };
    factor *= 128;
  }
  // The bytes are damaged, because no length or profile id takes this many bytes.
  return { value: Number.MAX_VALUE, next: at };
}
