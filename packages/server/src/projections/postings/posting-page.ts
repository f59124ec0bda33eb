import { emptySet, listSet, type RankSet } from './rank-set.ts';

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

/**
 * Packs postings, sorted by key, into pages. A page is a run of
 * `varint shared · varint rest · key bytes · varint count · byte form · list`, where `shared` letters are those of the
 * key before. A list is ascending gaps as varints, or a bitmap where that is shorter; a long one has a page of its own.
 */
export function packPages(postings: Iterable<Posting>, universe: number): PostingPage[] {
  const pages: PostingPage[] = [];
  let firstKey: Buffer | undefined;
  let previous: Buffer = Buffer.alloc(0);
  let parts: Buffer[] = [];
  let length = 0;
  const flush = (): void => {
    if (firstKey) pages.push({ firstKey, bytes: Buffer.concat(parts) });
    firstKey = undefined;
    parts = [];
    length = 0;
  };
  for (const { key, ranks } of postings) {
    const list = encodeList(ranks, universe);
    if (firstKey && length + list.length + key.length > pageBytesMax) flush();
    const shared = firstKey ? sharedBytes(previous, key) : 0;
    firstKey ??= key;
    const head = varints(shared, key.length - shared);
    parts.push(head, key.subarray(shared), varints(ranks.length), list);
    length += head.length + key.length - shared + 5 + list.length;
    previous = key;
  }
  flush();
  return pages;
}

/** The set of one key in a page; empty when the page has no such key. */
export function findInPage(page: Buffer, key: Buffer, universe: number): RankSet {
  for (const found of readPage(page, universe)) {
    const order = found.key.compare(key);
    if (order === 0) return found.set();
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

function encodeList(ranks: Uint32Array, universe: number): Buffer {
  const bitmapBytes = Math.ceil(universe / 32) * 4;
  const gaps = encodeGaps(ranks);
  const list = gaps.length < bitmapBytes ? gaps : encodeBitmap(ranks, bitmapBytes);
  return Buffer.concat([varints(list.length), list]);
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

function encodeGaps(ranks: Uint32Array): Buffer {
  const bytes = Buffer.allocUnsafe(ranks.length * 4);
  let length = 0;
  let previous = -1;
  for (const rank of ranks) {
    let rest = rank - previous - 1;
    previous = rank;
    while (rest >= 128) {
      bytes[length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[length++] = rest;
  }
  return bytes.subarray(0, length);
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

function varints(...values: number[]): Buffer {
  const bytes: number[] = [];
  for (const value of values) {
    let rest = value;
    while (rest >= 128) {
      bytes.push((rest & 127) | 128);
      rest >>>= 7;
    }
    bytes.push(rest);
  }
  return Buffer.from(bytes);
}

function readVarint(bytes: Buffer, cursor: { at: number }): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[cursor.at++] ?? 0;
    value |= (byte & 127) << shift;
    if (byte < 128) return value >>> 0;
  }
}
