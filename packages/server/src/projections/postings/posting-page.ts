import { setImmediate } from 'node:timers/promises';
import { emptySet, listSet, type RankSet } from '../../query/index.ts';

/** A key and the ranks of the entries that have it, ascending. */
export interface Posting {
  key: Buffer;
  ranks: Uint32Array;
}

export interface PostingPage {
  firstKey: Buffer;
  bytes: Buffer;
}

/** Rows of this size stay inline in the heap (PostgreSQL moves values away from about 2,000 bytes). */
const pageBytesMax = 1_900;

/** A few milliseconds of work; in between the event loop answers requests. */
const postingsPerTurn = 2_000;

/**
 * Packs postings, sorted by key, into pages. A page is a run of
 * `varint shared · varint rest · key bytes · varint count · varint list bytes · list`. The first `shared` bytes of a key are
 * those of the key before. A list is ascending gaps as varints, or a bitmap where that is shorter; a long list has a page of
 * its own.
 */
export async function packPages(postings: Iterable<Posting>, universe: number): Promise<PostingPage[]> {
  const pages: PostingPage[] = [];
  const writer = createWriter();
  let firstKey: Buffer | undefined;
  let previous: Buffer = Buffer.alloc(0);
  const flush = (): void => {
    if (firstKey) pages.push({ firstKey, bytes: writer.take() });
    firstKey = undefined;
  };
  let packed = 0;
  for (const { key, ranks } of postings) {
    if (++packed % postingsPerTurn === 0) await setImmediate();
    // A gap takes at least one byte, so a list that cannot fit beside the others is not tried.
    if (firstKey && writer.length() + ranks.length + key.length > pageBytesMax) flush();
    const shared = firstKey ? sharedBytes(previous, key) : 0;
    firstKey ??= key;
    writer.varint(shared);
    writer.varint(key.length - shared);
    writer.bytes(key, shared);
    writer.varint(ranks.length);
    writeList(writer, ranks, universe);
    previous = key;
    if (writer.length() > pageBytesMax) flush();
  }
  flush();
  return pages;
}

/** The set of one key in a page; empty when the page has no such key. */
export function findInPage(page: Buffer, key: Buffer, universe: number): RankSet {
  for (const posting of readPage(page, universe)) {
    const order = posting.key.compare(key);
    if (order === 0) return posting.set();
    if (order > 0) break;
  }
  return emptySet(universe);
}

/** Keys of a page in order; a list is decoded only when asked for. */
export function* readPage(
  page: Buffer,
  universe: number,
): Generator<{ key: Buffer; count: number; set: () => RankSet }> {
  const cursor = { at: 0 };
  let key: Buffer = Buffer.alloc(0);
  while (cursor.at < page.length) {
    const shared = readVarint(page, cursor);
    const rest = readVarint(page, cursor);
    key = Buffer.concat([key.subarray(0, shared), page.subarray(cursor.at, cursor.at + rest)]);
    cursor.at += rest;
    const count = readVarint(page, cursor);
    const bytes = readVarint(page, cursor);
    const list = page.subarray(cursor.at, cursor.at + bytes);
    cursor.at += bytes;
    yield { key, count, set: () => decodeList(list, { count, universe }) };
  }
}

function decodeList(list: Buffer, options: { count: number; universe: number }): RankSet {
  const { count, universe } = options;
  if (list.length === Math.ceil(universe / 32) * 4) {
    const words = new Uint32Array(list.length / 4);
    for (let word = 0; word < words.length; word++) words[word] = list.readUInt32LE(word * 4);
    return { kind: 'bitmap', universe, words, count };
  }
  const ranks = new Uint32Array(count);
  const cursor = { at: 0 };
  let rank = -1;
  for (let position = 0; position < count; position++) {
    rank += readVarint(list, cursor) + 1;
    ranks[position] = rank;
  }
  return listSet(universe, ranks);
}

interface Writer {
  length(): number;
  varint(value: number): void;
  bytes(source: Buffer, from: number): void;
  /** The written bytes in a new buffer; the writer is empty afterwards. */
  take(): Buffer;
}

function createWriter(): Writer {
  let buffer = Buffer.allocUnsafe(64 * 1024);
  let length = 0;
  const room = (bytes: number): void => {
    if (length + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, length + bytes));
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  };
  return {
    length: () => length,
    varint(value) {
      room(5);
      let rest = value;
      while (rest >= 128) {
        buffer[length++] = (rest & 127) | 128;
        rest >>>= 7;
      }
      buffer[length++] = rest;
    },
    bytes(source, from) {
      room(source.length - from);
      length += source.copy(buffer, length, from);
    },
    take() {
      const taken = Buffer.from(buffer.subarray(0, length));
      length = 0;
      return taken;
    },
  };
}

/** Writes `varint list bytes · list`, in the form that is shorter. */
function writeList(writer: Writer, ranks: Uint32Array, universe: number): void {
  const bitmapBytes = Math.ceil(universe / 32) * 4;
  let gapBytes = 0;
  let previous = -1;
  for (const rank of ranks) {
    gapBytes += varintBytes(rank - previous - 1);
    previous = rank;
  }
  writer.varint(Math.min(gapBytes, bitmapBytes));
  if (gapBytes >= bitmapBytes) {
    writer.bytes(encodeBitmap(ranks, bitmapBytes), 0);
    return;
  }
  previous = -1;
  for (const rank of ranks) {
    writer.varint(rank - previous - 1);
    previous = rank;
  }
}

function varintBytes(value: number): number {
  return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4;
}

function encodeBitmap(ranks: Uint32Array, bytes: number): Buffer {
  const bitmap = Buffer.alloc(bytes);
  for (const rank of ranks) bitmap[rank >>> 3] = (bitmap[rank >>> 3] ?? 0) | (1 << (rank & 7));
  return bitmap;
}

function sharedBytes(a: Buffer, b: Buffer): number {
  const most = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < most && a[shared] === b[shared]) shared++;
  return shared;
}

function readVarint(bytes: Buffer, cursor: { at: number }): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[cursor.at++] ?? 0;
    value |= (byte & 127) << shift;
    if (byte < 128) return value >>> 0;
  }
}
