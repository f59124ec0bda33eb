/** The entries of one chunk that hold one value, as ranks by (at, index): sorted, or a bitmap when that is smaller. */
export interface PostingList {
  readonly count: number;
  readonly ranks?: Uint32Array;
  readonly bits?: Uint32Array;
}

/** Returns a list as bytes: 0 and delta varints, or 1 and a bitmap of `chunkSize` bits. */
export function encodeList(ranks: Uint32Array, chunkSize: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.min(ranks.length * 3 + 1, chunkSize / 8 + 4));
  bytes[0] = 0;
  let at = 1;
  let last = -1;
  for (const rank of ranks) {
    if (at + 3 > chunkSize / 8) return encodeBitmap(ranks, chunkSize);
    let delta = rank - last - 1;
    last = rank;
    for (; delta > 127; delta >>>= 7) bytes[at++] = (delta & 127) | 128;
    bytes[at++] = delta;
  }
  return bytes.subarray(0, at);
}

function encodeBitmap(ranks: Uint32Array, chunkSize: number): Buffer {
  return Buffer.concat([Buffer.from([1]), Buffer.from(bitmapOf(ranks, chunkSize).buffer)]);
}

function bitmapOf(ranks: Uint32Array, chunkSize: number): Uint32Array {
  const bits = new Uint32Array(chunkSize / 32);
  for (const rank of ranks) bits[rank >>> 5] = (bits[rank >>> 5] ?? 0) | (1 << (rank & 31));
  return bits;
}

/** Returns the list that `encodeList` wrote, with `count` ranks; as a bitmap when that is quicker to test (a 64th or more). */
export function decodeList(
  bytes: Buffer,
  { count, chunkSize }: { count: number; chunkSize: number },
): PostingList {
  if (bytes[0] === 1) {
    const bits = new Uint32Array((bytes.length - 1) / 4);
    Buffer.from(bits.buffer).set(bytes.subarray(1));
    return { count, bits };
  }
  const ranks = new Uint32Array(count);
  let at = 1;
  let last = -1;
  for (let i = 0; i < count; i++) {
    let delta = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      delta |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    last += delta + 1;
    ranks[i] = last;
  }
  return count >= chunkSize / 64 ? { count, bits: bitmapOf(ranks, chunkSize) } : { count, ranks };
}

/** Returns the ranks in all lists, ascending, or the same list when there is one. */
export function intersect(lists: readonly PostingList[]): PostingList {
  const [least, ...others] = lists.toSorted((a, b) => a.count - b.count);
  if (least === undefined || others.length === 0) return least ?? { count: 0, ranks: new Uint32Array(0) };
  return others.reduce((left, right) => intersectTwo(left, right), least);
}

function intersectTwo(left: PostingList, right: PostingList): PostingList {
  if (left.bits !== undefined && right.bits !== undefined) {
    const bits = new Uint32Array(left.bits.length);
    let count = 0;
    for (let i = 0; i < bits.length; i++) {
      const word = (left.bits[i] ?? 0) & (right.bits[i] ?? 0);
      bits[i] = word;
      count += ones(word);
    }
    return { count, bits };
  }
  const sparse = left.ranks ?? right.ranks ?? new Uint32Array(0);
  const other = left.ranks === undefined ? left : right;
  const found = new Uint32Array(sparse.length);
  let count = 0;
  for (const rank of sparse) if (holds(other, rank)) found[count++] = rank;
  return { count, ranks: found.subarray(0, count) };
}

/** Returns the number of set bits. */
export function ones(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Returns whether a list holds a rank. */
export function holds(list: PostingList, rank: number): boolean {
  if (list.bits !== undefined) return (((list.bits[rank >>> 5] ?? 0) >>> (rank & 31)) & 1) === 1;
  const ranks = list.ranks ?? new Uint32Array(0);
  return ranks[lowerBound(ranks, rank)] === rank;
}

/** Returns how many ranks of a list lie in `[from, to)`. */
export function countBetween(list: PostingList, from: number, to: number): number {
  if (list.ranks !== undefined) return lowerBound(list.ranks, to) - lowerBound(list.ranks, from);
  const bits = list.bits ?? new Uint32Array(0);
  let count = 0;
  let i = from;
  for (; i < to && (i & 31) !== 0; i++) count += ((bits[i >>> 5] ?? 0) >>> (i & 31)) & 1;
  for (; i + 32 <= to; i += 32) count += ones(bits[i >>> 5] ?? 0);
  for (; i < to; i++) count += ((bits[i >>> 5] ?? 0) >>> (i & 31)) & 1;
  return count;
}

/** Visits the ranks of a list in ascending order. */
export function eachRank(list: PostingList, visit: (rank: number) => void): void {
  for (const rank of list.ranks ?? []) visit(rank);
  const bits = list.bits ?? new Uint32Array(0);
  for (let i = 0; i < bits.length; i++) {
    for (let word = bits[i] ?? 0; word !== 0; word &= word - 1) visit(i * 32 + 31 - Math.clz32(word & -word));
  }
}

/** Returns the highest `limit` ranks of a list, descending. */
export function highest(list: PostingList, limit: number): number[] {
  if (list.ranks !== undefined)
    return Array.from(list.ranks.slice(Math.max(0, list.count - limit))).reverse();
  const found: number[] = [];
  const bits = list.bits ?? new Uint32Array(0);
  for (let i = bits.length - 1; i >= 0 && found.length < limit; i--) {
    for (let word = bits[i] ?? 0; word !== 0 && found.length < limit;) {
      const bit = 31 - Math.clz32(word);
      found.push(i * 32 + bit);
      word &= ~(1 << bit);
    }
  }
  return found;
}

function lowerBound(ranks: Uint32Array, rank: number): number {
  let low = 0;
  let high = ranks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranks[middle] ?? 0) < rank) low = middle + 1;
    else high = middle;
  }
  return low;
}
