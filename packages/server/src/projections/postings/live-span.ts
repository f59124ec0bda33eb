import { packPages, type PostingPage } from './posting-page.ts';
import { emptySet, listSet, type RankSet } from './rank-set.ts';
import type { Ranks, Span } from './span.ts';
import { fieldBounds } from './terms.ts';

/** A span that still grows, in memory. */
export interface LiveSpan {
  readonly firstIndex: number;
  size(): number;
  add(at: number, terms: ReadonlySet<string>): void;
  /** The span as it is now; later entries do not show in it. */
  view(): Span & { pack(): { ranks: Ranks; pages: PostingPage[] } };
}

export function createLiveSpan(firstIndex: number): LiveSpan {
  const ats: number[] = [];
  /** Offsets from the first index, ascending. */
  const positions = new Map<string, number[]>();
  let latest: ReturnType<LiveSpan['view']> | undefined;
  return {
    firstIndex,
    size: () => ats.length,
    add(at, terms) {
      const position = ats.push(at) - 1;
      for (const term of terms) {
        const list = positions.get(term);
        if (list) list.push(position);
        else positions.set(term, [position]);
      }
    },
    view() {
      if (latest?.count !== ats.length)
        latest = viewOf({ firstIndex, ats: Float64Array.from(ats), positions });
      return latest;
    },
  };
}

function viewOf(live: {
  firstIndex: number;
  ats: Float64Array;
  positions: ReadonlyMap<string, readonly number[]>;
}): ReturnType<LiveSpan['view']> {
  const { ats, positions } = live;
  const count = ats.length;
  const { ranks, rankOf } = rank(ats);
  /** Arrived in order of time, as most do: a position is its rank. */
  const inOrder = rankOf.every((own, position) => own === position);
  const ranksOfPositions = (list: readonly number[]): Uint32Array => {
    const own = (list.at(-1) ?? 0) < count ? list : list.filter((position) => position < count);
    if (inOrder) return Uint32Array.from(own);
    const found = new Uint32Array(own.length);
    own.forEach((position, place) => (found[place] = rankOf[position] ?? 0));
    return found.length > 1 ? found.sort() : found;
  };
  const setOf = (list: readonly number[] | undefined): RankSet =>
    list ? listSet(count, ranksOfPositions(list)) : emptySet(count);
  return {
    firstIndex: live.firstIndex,
    count,
    leastAt: ranks.ats[0] ?? 0,
    greatestAt: ranks.ats[count - 1] ?? 0,
    lookup: (keys) => Promise.resolve(keys.map((key) => setOf(positions.get(key)))),
    scan(field, test) {
      const prefix = fieldBounds(field).start.toString();
      const found: { value: string; count: number; set: () => RankSet }[] = [];
      for (const [key, list] of positions) {
        if (!key.startsWith(prefix) || (list[0] ?? 0) >= count) continue;
        const value = key.slice(prefix.length);
        if (test(value)) found.push({ value, count: ranksOfPositions(list).length, set: () => setOf(list) });
      }
      return Promise.resolve(found);
    },
    ranks: () => Promise.resolve(ranks),
    pack() {
      const sorted = inByteOrder([...positions.keys()]);
      const postings = sorted.map(({ key, text }) => ({
        key,
        ranks: ranksOfPositions(positions.get(text) ?? []),
      }));
      return { ranks, pages: packPages(postings, count) };
    },
  };
}

/** Strings compare as their UTF-8 does, except beyond U+FFFF; comparing them is a tenth of the cost. */
function inByteOrder(texts: string[]): { key: Buffer; text: string }[] {
  const encoded = texts.sort().map((text) => ({ key: Buffer.from(text), text }));
  const astral = /[\ud800-\udfff]/;
  return texts.some((text) => astral.test(text)) ? encoded.sort((a, b) => a.key.compare(b.key)) : encoded;
}

function rank(ats: Float64Array): { ranks: Ranks; rankOf: Uint32Array } {
  const offsets = Uint32Array.from(ats, (_, offset) => offset);
  offsets.sort((a, b) => (ats[a] ?? 0) - (ats[b] ?? 0) || a - b);
  const rankOf = new Uint32Array(ats.length);
  offsets.forEach((offset, position) => (rankOf[offset] = position));
  return { ranks: { ats: Float64Array.from(offsets, (offset) => ats[offset] ?? 0), offsets }, rankOf };
}
