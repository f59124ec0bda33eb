import { type Events, type Field, wordsPerEvent } from './events.ts';
import { encodeList } from './posting-list.ts';
import { mix } from './seeded.ts';
import { texts } from './texts.ts';

/** The largest page of the posting table that holds more than one list, in bytes. A page of this size is stored in its row. */
export const pageBytesMax = 1_900;
/** Ranks of one page of the rank → index order. */
export const orderPageSize = 4_096;

const fields: readonly Field[] = [
  'actor',
  'action',
  'outcome',
  'level',
  'module',
  'operation',
  'target',
  'subject',
  'correlation',
  'session',
];
const tokenFields: ReadonlySet<Field> = new Set<Field>(['target', 'subject', 'correlation', 'session']);

/** One page of the posting table. */
export interface PostingPage {
  readonly firstKey: Buffer;
  readonly page: Buffer;
}

/** A chunk ready to be stored: its pages, and the rank at which each hour begins. */
export interface Chunk {
  readonly pages: readonly PostingPage[];
  readonly firstHour: number;
  readonly hourRanks: Uint32Array;
  readonly atMax: number;
  /** Bytes of lists by field, keys included. */
  readonly bytes: ReadonlyMap<string, number>;
}

/** Returns the key of a value: the field's letter and the value's text, or an 8-byte token for fields with many values. */
export function keyOf(field: Field | 'word' | 'order', value: number): Buffer {
  if (field === 'word') return tokenKey(0x77, value);
  if (field === 'order') return Buffer.from([0x00, value >>> 8, value & 255]);
  const letter = 0x61 + fields.indexOf(field);
  if (tokenFields.has(field)) return tokenKey(letter, value);
  return Buffer.concat([Buffer.from([letter]), Buffer.from(texts[field](value))]);
}

function tokenKey(letter: number, value: number): Buffer {
  const key = Buffer.allocUnsafe(9);
  key[0] = letter;
  key.writeUInt32BE(mix(value, letter), 1);
  key.writeUInt32BE(mix(value, letter + 1_000), 5);
  return key;
}

/** Builds the postings of entries `[from, to)`; `chunkSize` is what a full chunk holds. */
export function buildChunk(
  events: Events,
  { from, to, chunkSize }: { from: number; to: number; chunkSize: number },
): Chunk {
  const indexOf = rankEntries(events, from, to);
  const lists: { key: Buffer; count: number; bytes: Buffer }[] = [];
  const bytes = new Map<string, number>();
  const add = (field: Field | 'word', value: number, ranks: Uint32Array): void => {
    const list = { key: keyOf(field, value), count: ranks.length, bytes: encodeList(ranks, chunkSize) };
    lists.push(list);
    bytes.set(field, (bytes.get(field) ?? 0) + list.key.length + list.bytes.length + 3);
  };
  for (const field of fields)
    groupRanks(events[field], { from, width: 1 }, indexOf, (value, ranks) => add(field, value, ranks));
  groupRanks(events.words, { from, width: wordsPerEvent }, indexOf, (value, ranks) =>
    add('word', value, ranks),
  );
  for (let first = 0; first < to - from; first += orderPageSize) {
    const page = encodeOrder(indexOf.subarray(first, first + orderPageSize), first);
    lists.push({ key: keyOf('order', first / orderPageSize), count: orderPageSize, bytes: page });
    bytes.set('order', (bytes.get('order') ?? 0) + page.length + 6);
  }
  lists.sort((a, b) => a.key.compare(b.key));
  return { pages: packPages(lists), bytes, ...hoursOf(events, from, indexOf) };
}

/** Ranks entries by (at, index): the index, relative to `from`, of each rank. */
function rankEntries(events: Events, from: number, to: number): Uint32Array {
  const count = to - from;
  const base = (events.at[from] ?? 0) - 86_400_000;
  const order = new Float64Array(count);
  for (let i = 0; i < count; i++) order[i] = ((events.at[from + i] ?? 0) - base) * 2_097_152 + i;
  order.sort();
  const indexOf = new Uint32Array(count);
  for (let rank = 0; rank < count; rank++) {
    indexOf[rank] = (order[rank] ?? 0) % 2_097_152;
  }
  return indexOf;
}

/** Collects the ranks of each value. The entries are visited by rank, so every list is sorted. */
function groupRanks(
  column: Int32Array,
  { from, width }: { from: number; width: number },
  indexOf: Uint32Array,
  found: (value: number, ranks: Uint32Array) => void,
): void {
  const ordinals = new Map<number, number>();
  const counts: number[] = [];
  const seen = new Uint32Array(indexOf.length * width);
  for (let i = 0; i < seen.length; i++) {
    const value = column[(from + (indexOf[Math.floor(i / width)] ?? 0)) * width + (i % width)] ?? 0;
    let ordinal = ordinals.get(value);
    if (ordinal === undefined) {
      ordinal = counts.push(0) - 1;
      ordinals.set(value, ordinal);
    }
    counts[ordinal] = (counts[ordinal] ?? 0) + 1;
    seen[i] = ordinal;
  }
  const lists = counts.map((count) => new Uint32Array(count));
  const filled = new Uint32Array(counts.length);
  for (let i = 0; i < seen.length; i++) {
    const ordinal = seen[i] ?? 0;
    const list = lists[ordinal];
    const at = filled[ordinal] ?? 0;
    filled[ordinal] = at + 1;
    if (list !== undefined) list[at] = Math.floor(i / width);
  }
  for (const [value, ordinal] of ordinals) {
    const ranks = lists[ordinal] ?? new Uint32Array(0);
    found(value, width === 1 ? ranks : withoutRepeats(ranks));
  }
}

function withoutRepeats(sorted: Uint32Array): Uint32Array {
  return sorted.filter((rank, i) => i === 0 || rank !== sorted[i - 1]);
}

/** Writes index − rank of each rank as a zigzag varint. It has mostly one or two bytes, because entries arrive nearly in order. */
function encodeOrder(indexes: Uint32Array, first: number): Buffer {
  const bytes = Buffer.allocUnsafe(indexes.length * 4);
  let at = 0;
  indexes.forEach((index, i) => {
    const shift = index - (first + i);
    let rest = (shift << 1) ^ (shift >> 31);
    for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
    bytes[at++] = rest;
  });
  return bytes.subarray(0, at);
}

/** Reads the page that `encodeOrder` wrote: the index, relative to the chunk, of each rank. */
export function decodeOrder(bytes: Buffer, first: number): Uint32Array {
  const indexes = new Uint32Array(orderPageSize);
  for (let i = 0, at = 0; at < bytes.length; i++) {
    let rest = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      rest |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    indexes[i] = first + i + ((rest >>> 1) ^ -(rest & 1));
  }
  return indexes;
}

function hoursOf(
  events: Events,
  from: number,
  indexOf: Uint32Array,
): { firstHour: number; hourRanks: Uint32Array; atMax: number } {
  const hourAt = (rank: number): number =>
    Math.floor((events.at[from + (indexOf[rank] ?? 0)] ?? 0) / 3_600_000);
  const firstHour = hourAt(0);
  const hourRanks: number[] = [0];
  for (let rank = 0; rank < indexOf.length; rank++) {
    while (hourAt(rank) >= firstHour + hourRanks.length) hourRanks.push(rank);
  }
  const atMax = events.at[from + (indexOf[indexOf.length - 1] ?? 0)] ?? 0;
  return { firstHour, hourRanks: Uint32Array.from([...hourRanks, indexOf.length]), atMax };
}

function packPages(lists: readonly { key: Buffer; count: number; bytes: Buffer }[]): PostingPage[] {
  const pages: PostingPage[] = [];
  let parts: Buffer[] = [];
  let size = 0;
  let firstKey: Buffer | undefined;
  const flush = (): void => {
    if (firstKey !== undefined) pages.push({ firstKey, page: Buffer.concat(parts) });
    parts = [];
    size = 0;
    firstKey = undefined;
  };
  for (const { key, count, bytes } of lists) {
    const header = Buffer.concat([Buffer.from([key.length]), key, varint(count), varint(bytes.length)]);
    const length = header.length + bytes.length;
    if (size + length > pageBytesMax) flush();
    firstKey ??= key;
    parts.push(header, bytes);
    size += length;
    if (size > pageBytesMax) flush();
  }
  flush();
  return pages;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

/** Returns the list of `key` in a page, or undefined. */
export function findInPage(page: Buffer, key: Buffer): { count: number; bytes: Buffer } | undefined {
  let at = 0;
  const read = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = page[at++] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < page.length) {
    const keyEnd = at + 1 + (page[at] ?? 0);
    const order = key.compare(page, at + 1, keyEnd);
    at = keyEnd;
    const count = read();
    const length = read();
    if (order === 0) return { count, bytes: page.subarray(at, at + length) };
    if (order < 0) return undefined;
    at += length;
  }
  return undefined;
}
