import type { FieldValue } from '../../query/index.ts';
import { countValues } from './field-column.ts';
import { packPages, type Posting, type PostingPage } from './posting-page.ts';
import { emptySet, listSet, type RankSet } from '../../query/index.ts';
import type { Ranks, Span } from '../../query/index.ts';
import { fieldBounds } from '../../query/index.ts';

const fieldsRememberedMax = 16;
/** Values of all fields together, about two hundred bytes each; the limit holds for each ledger that is read. */
const valuesRememberedMax = 20_000;

/** A span that still grows, in memory. */
export interface LiveSpan {
  readonly firstIndex: number;
  size(): number;
  add(at: number, terms: ReadonlySet<string>): void;
  /** The span as it is now, without entries that are added later. */
  view(): Span & { pack(): Promise<{ ranks: Ranks; pages: PostingPage[] }> };
}

export function createLiveSpan(firstIndex: number): LiveSpan {
  const ats: number[] = [];
  /** Positions by (at, position): most entries arrive in order, the others are inserted at their place. */
  const order: number[] = [];
  /** Offsets from the first index, ascending. */
  const positions = new Map<string, number[]>();
  let latest: ReturnType<LiveSpan['view']> | undefined;
  return {
    firstIndex,
    size: () => ats.length,
    add(at, terms) {
      const position = ats.push(at) - 1;
      insertInOrder(order, position, ats);
      for (const term of terms) {
        const list = positions.get(term);
        if (list) list.push(position);
        else positions.set(term, [position]);
      }
    },
    view() {
      if (latest?.count !== ats.length)
        latest = viewOf({ firstIndex, ats, order: Uint32Array.from(order), positions });
      return latest;
    },
  };
}

function viewOf(live: {
  firstIndex: number;
  ats: readonly number[];
  order: Uint32Array;
  positions: ReadonlyMap<string, readonly number[]>;
}): ReturnType<LiveSpan['view']> {
  const { positions, order: offsets } = live;
  const count = offsets.length;
  const ranks: Ranks = { ats: Float64Array.from(offsets, (offset) => live.ats[offset] ?? 0), offsets };
  const rankOf = new Uint32Array(count);
  offsets.forEach((offset, rank) => (rankOf[offset] = rank));
  /** When all entries arrived in order of time, as most do, a position is its rank. */
  const inOrder = rankOf.every((rank, position) => rank === position);
  const ranksOfPositions = (list: readonly number[]): Uint32Array => {
    const ownPositions = (list.at(-1) ?? 0) < count ? list : list.filter((position) => position < count);
    if (inOrder) return Uint32Array.from(ownPositions);
    const ownRanks = new Uint32Array(ownPositions.length);
    ownPositions.forEach((position, place) => (ownRanks[place] = rankOf[position] ?? 0));
    return ownRanks.length > 1 ? ownRanks.sort() : ownRanks;
  };
  const setOf = (list: readonly number[] | undefined): RankSet =>
    list ? listSet(count, ranksOfPositions(list)) : emptySet(count);
  /** Finding a field's values takes a pass over all keys, so they are kept for as long as this view is the latest. */
  const remembered = new Map<string, readonly FieldValue[]>();
  let valuesRemembered = 0;
  const valuesOf = (field: string): readonly FieldValue[] => {
    const cached = remembered.get(field);
    if (cached) return cached;
    const prefix = fieldBounds(field).start.toString();
    const values: FieldValue[] = [];
    for (const [key, list] of positions) {
      if (!key.startsWith(prefix) || (list[0] ?? 0) >= count) continue;
      const value = key.slice(prefix.length);
      values.push({ value, count: countBelow(list, count), set: () => setOf(list) });
    }
    valuesRemembered += values.length;
    if (remembered.size >= fieldsRememberedMax || valuesRemembered > valuesRememberedMax) {
      remembered.clear();
      valuesRemembered = values.length;
    }
    remembered.set(field, values);
    return values;
  };
  function* postingsInOrder(): Generator<Posting> {
    for (const { key, text } of inByteOrder([...positions.keys()])) {
      yield { key, ranks: ranksOfPositions(positions.get(text) ?? []) };
    }
  }
  return {
    firstIndex: live.firstIndex,
    count,
    leastAt: ranks.ats[0] ?? 0,
    greatestAt: ranks.ats[count - 1] ?? 0,
    lookup: (keys) => Promise.resolve(keys.map((key) => setOf(positions.get(key)))),
    scan: (field, test) => Promise.resolve(valuesOf(field).filter(({ value }) => test(value))),
    counts: (field, set) => Promise.resolve(countValues(valuesOf(field), set, count)),
    ranks: () => Promise.resolve(ranks),
    async pack() {
      return { ranks, pages: await packPages(postingsInOrder(), count) };
    },
  };
}

/** How many of ascending positions are below `end`. */
function countBelow(list: readonly number[], end: number): number {
  if ((list.at(-1) ?? 0) < end) return list.length;
  let below = list.length;
  while (below > 0 && (list[below - 1] ?? 0) >= end) below--;
  return below;
}

/** Strings compare as their UTF-8 does, except beyond U+FFFF; comparing them is a tenth of the cost. */
function inByteOrder(texts: string[]): { key: Buffer; text: string }[] {
  const encoded = texts.sort().map((text) => ({ key: Buffer.from(text), text }));
  const astral = /[\ud800-\udfff]/;
  return texts.some((text) => astral.test(text)) ? encoded.sort((a, b) => a.key.compare(b.key)) : encoded;
}

function insertInOrder(order: number[], position: number, ats: readonly number[]): void {
  const at = ats[position] ?? 0;
  let place = order.length;
  if (at < (ats[order[place - 1] ?? position] ?? 0)) {
    let low = 0;
    while (low < place) {
      const middle = (low + place) >>> 1;
      if ((ats[order[middle] ?? 0] ?? 0) <= at) low = middle + 1;
      else place = middle;
    }
  }
  if (place === order.length) order.push(position);
  else order.splice(place, 0, position);
}
