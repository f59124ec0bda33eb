/**
 * A set of ranks 0 … universe − 1: a sorted list while it is sparse, a bitmap when it is dense. Nobody changes a set after
 * it was made, so lists read from the store can be cached and shared.
 */
export type RankSet =
  | { readonly kind: 'list'; readonly universe: number; readonly ranks: Uint32Array }
  | {
      readonly kind: 'bitmap';
      readonly universe: number;
      readonly words: Uint32Array;
      readonly count: number;
    };

/** A list with one rank in 32 takes as much memory as a bitmap. */
const denseShare = 1 / 32;

export function emptySet(universe: number): RankSet {
  return { kind: 'list', universe, ranks: new Uint32Array(0) };
}

export function fullSet(universe: number): RankSet {
  return rangeSet(universe, 0, universe);
}

/** Ranks from `start` up to but not including `end`. */
export function rangeSet(universe: number, start: number, end: number): RankSet {
  const words = new Uint32Array(Math.ceil(universe / 32));
  const from = Math.max(0, start);
  const to = Math.min(universe, end);
  if (to <= from) return emptySet(universe);
  for (let word = from >>> 5; word <= (to - 1) >>> 5; word++) words[word] = 0xffff_ffff;
  const first = from >>> 5;
  const last = (to - 1) >>> 5;
  words[first] = (words[first] ?? 0) & (0xffff_ffff << (from & 31));
  if (to & 31) words[last] = (words[last] ?? 0) & (0xffff_ffff >>> (32 - (to & 31)));
  return { kind: 'bitmap', universe, words, count: to - from };
}

/** A set of the ranks, which must be in ascending order, each once. */
export function listSet(universe: number, ranks: Uint32Array): RankSet {
  if (ranks.length <= universe * denseShare) return { kind: 'list', universe, ranks };
  const words = new Uint32Array(Math.ceil(universe / 32));
  for (const rank of ranks) words[rank >>> 5] = (words[rank >>> 5] ?? 0) | (1 << (rank & 31));
  return { kind: 'bitmap', universe, words, count: ranks.length };
}

export function countOf(set: RankSet): number {
  return set.kind === 'list' ? set.ranks.length : set.count;
}

export function has(set: RankSet, rank: number): boolean {
  if (set.kind === 'bitmap') return ((set.words[rank >>> 5] ?? 0) & (1 << (rank & 31))) !== 0;
  const at = lowerBound(set.ranks, rank);
  return set.ranks[at] === rank;
}

export function intersect(a: RankSet, b: RankSet): RankSet {
  if (a.kind === 'bitmap' && b.kind === 'bitmap') return combine(a, b, (x, y) => x & y);
  // The kind decides, not the number of ranks: a bitmap that has lost most of its ranks is still a bitmap.
  if (a.kind === 'bitmap') return intersect(b, a);
  const [list, other] = b.kind === 'list' && b.ranks.length < a.ranks.length ? [b, a] : [a, b];
  return { kind: 'list', universe: a.universe, ranks: list.ranks.filter((rank) => has(other, rank)) };
}

export function subtract(a: RankSet, b: RankSet): RankSet {
  if (a.kind === 'list')
    return { kind: 'list', universe: a.universe, ranks: a.ranks.filter((rank) => !has(b, rank)) };
  return combine(a, asBitmap(b), (x, y) => x & ~y);
}

export function unite(sets: readonly RankSet[], universe: number): RankSet {
  const [first] = sets;
  if (sets.length === 1 && first) return first;
  const total = sets.reduce((sum, set) => sum + countOf(set), 0);
  if (total <= universe * denseShare) {
    const merged = new Uint32Array(total);
    let length = 0;
    for (const set of sets) for (const rank of ranksOf(set)) merged[length++] = rank;
    return listSet(universe, distinct(merged.sort()));
  }
  const words = new Uint32Array(Math.ceil(universe / 32));
  for (const set of sets) {
    if (set.kind === 'list')
      for (const rank of set.ranks) words[rank >>> 5] = (words[rank >>> 5] ?? 0) | (1 << (rank & 31));
    else
      for (let word = 0; word < words.length; word++)
        words[word] = (words[word] ?? 0) | (set.words[word] ?? 0);
  }
  return { kind: 'bitmap', universe, words, count: popcount(words) };
}

/** How many ranks are in both sets. No third set is made. */
export function countCommon(a: RankSet, b: RankSet): number {
  if (a.kind === 'bitmap' && b.kind === 'bitmap') {
    let count = 0;
    for (let word = 0; word < a.words.length; word++)
      count += bits((a.words[word] ?? 0) & (b.words[word] ?? 0));
    return count;
  }
  const [small, large] = countOf(a) <= countOf(b) ? [a, b] : [b, a];
  let count = 0;
  for (const rank of ranksOf(small)) if (has(large, rank)) count++;
  return count;
}

/** How many ranks lie in [start, end). */
export function countBetween(set: RankSet, start: number, end: number): number {
  if (set.kind === 'list') return lowerBound(set.ranks, end) - lowerBound(set.ranks, start);
  if (start <= 0 && end >= set.universe) return set.count;
  let count = 0;
  for (let word = start >>> 5; word < Math.min(set.words.length, Math.ceil(end / 32)); word++) {
    let inRange = set.words[word] ?? 0;
    if (word === start >>> 5) inRange &= 0xffff_ffff << (start & 31);
    if (word === end >>> 5) inRange &= ~(0xffff_ffff << (end & 31));
    count += bits(inRange);
  }
  return count;
}

/** The ranks in ascending order. */
export function ranksOf(set: RankSet): Uint32Array {
  if (set.kind === 'list') return set.ranks;
  const ranks = new Uint32Array(set.count);
  let length = 0;
  for (let word = 0; word < set.words.length; word++) {
    for (let rest = set.words[word] ?? 0; rest !== 0; rest &= rest - 1) {
      ranks[length++] = (word << 5) + (31 - Math.clz32(rest & -rest));
    }
  }
  return ranks;
}

/** At most `limit` ranks, greatest first (or least first), within [start, end). */
export function pick(
  set: RankSet,
  options: { start: number; end: number; limit: number; ascending: boolean },
): number[] {
  const picked: number[] = [];
  const { start, end, limit, ascending } = options;
  if (set.kind === 'list') {
    const from = lowerBound(set.ranks, start);
    const to = lowerBound(set.ranks, end);
    for (let step = 0; step < Math.min(limit, to - from); step++)
      picked.push(set.ranks[ascending ? from + step : to - 1 - step] ?? 0);
    return picked;
  }
  const direction = ascending ? 1 : -1;
  for (let rank = ascending ? start : end - 1; rank >= start && rank < end && picked.length < limit;) {
    const word = set.words[rank >>> 5] ?? 0;
    if (word === 0) {
      rank = ascending ? ((rank >>> 5) + 1) << 5 : ((rank >>> 5) << 5) - 1;
      continue;
    }
    if (word & (1 << (rank & 31))) picked.push(rank);
    rank += direction;
  }
  return picked;
}

function combine(
  a: RankSet & { kind: 'bitmap' },
  b: RankSet & { kind: 'bitmap' },
  of: (x: number, y: number) => number,
): RankSet {
  const words = new Uint32Array(a.words.length);
  let count = 0;
  for (let word = 0; word < words.length; word++) {
    const combined = of(a.words[word] ?? 0, b.words[word] ?? 0);
    words[word] = combined;
    count += bits(combined);
  }
  return { kind: 'bitmap', universe: a.universe, words, count };
}

function asBitmap(set: RankSet): RankSet & { kind: 'bitmap' } {
  if (set.kind === 'bitmap') return set;
  const words = new Uint32Array(Math.ceil(set.universe / 32));
  for (const rank of set.ranks) words[rank >>> 5] = (words[rank >>> 5] ?? 0) | (1 << (rank & 31));
  return { kind: 'bitmap', universe: set.universe, words, count: set.ranks.length };
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

function distinct(sorted: Uint32Array): Uint32Array {
  return sorted.filter((rank, position) => position === 0 || rank !== sorted[position - 1]);
}

function popcount(words: Uint32Array): number {
  let count = 0;
  for (const word of words) count += bits(word);
  return count;
}

/** Hamming weight of 32 bits (Hacker's Delight, 5-1). */
function bits(word: number): number {
  let rest = word - ((word >>> 1) & 0x5555_5555);
  rest = (rest & 0x3333_3333) + ((rest >>> 2) & 0x3333_3333);
  return Math.imul((rest + (rest >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
