import type { LedgerRow, Ledgers } from '../../ledger/index.ts';
import type { Client, Database } from '../../storage/index.ts';
import type { Projection } from '../projection.ts';
import { createLiveSpan, type LiveSpan } from './live-span.ts';
import { mergeSpans } from './merge-spans.ts';
import { intersect, listSet, type RankSet } from '../../query/index.ts';
import { insertSpan, selectSpans, type SpanRow } from './span-rows.ts';
import type { Ranks, Span } from '../../query/index.ts';
import { mergeWidth, spanEntries, spanLevelMax } from './span-levels.ts';
import { createSpanCache, lookupSpans, storedSpan, type SpanCache, type StoredSpan } from './stored-span.ts';
import { termsOf } from '../../query/index.ts';

/** The spans that cover a ledger at one moment. */
export interface SpanSet {
  live: Span[];
  stored: StoredSpan[];
  /** The entries of a span's set that were not purged. */
  remaining(span: Span, set: RankSet): Promise<RankSet>;
  /** The sets of keys in many stored spans with one statement. */
  lookupStored(spans: readonly StoredSpan[], keys: readonly string[]): ReturnType<typeof lookupSpans>;
}

export interface Postings extends Projection {
  /**
   * Brings the newest spans in memory up to `size` and returns them. To be called before the reading transaction begins:
   * a span that is stored in between is then both in the answer and in the store, never in neither.
   */
  advance(ledger: LedgerRow, size: number): Promise<Span[]>;
  /** Does the same in the background for ledgers that are read, so that little is left to do when a question comes. */
  keepWarm(ledger: LedgerRow, size: number): Promise<void>;
  /** The spans of a ledger in the reader's transaction, given what `advance` returned. */
  open(client: Client, ledger: LedgerRow, pinned: readonly Span[]): Promise<SpanSet>;
}

const readEntriesMax = 2_000;
/**
 * Ledgers whose newest span is held in memory, about 30 MB each with common events. At the limit the ledger that was read
 * longest ago is dropped.
 */
const tailsMax = 64;

/**
 * The inverted index (docs/decisions/0001). It holds, for each span of entries and each field value or word, the list of
 * entries that have it. Complete spans are stored; every process that reads indexes the newest entries in its memory.
 */
export function createPostings(options: {
  database: Database;
  ledgers: Ledgers;
  cacheBytesMax: number;
}): Postings {
  const { database, ledgers } = options;
  const cache: SpanCache = createSpanCache(options.cacheBytesMax);
  const tails = new Map<number, Tail>();
  const remainders = new WeakMap<Ranks, { minimum: number; set: RankSet }>();
  /** The entries of a span that were not purged. Kept in `remainders`, because most questions need them. */
  const remainingOf = (span: Span, ranks: Ranks, minimum: number): RankSet => {
    const cached = remainders.get(ranks);
    if (cached?.minimum === minimum) return cached.set;
    const left: number[] = [];
    ranks.offsets.forEach((offset, rank) => {
      if (span.firstIndex + offset >= minimum) left.push(rank);
    });
    const set = listSet(span.count, Uint32Array.from(left));
    remainders.set(ranks, { minimum, set });
    return set;
  };

  const tailOf = (ledger: LedgerRow): Tail => {
    const existing = tails.get(ledger.id);
    if (existing) {
      tails.delete(ledger.id);
      tails.set(ledger.id, existing);
      return existing;
    }
    const [oldest] = tails.keys();
    if (tails.size >= tailsMax && oldest !== undefined) tails.delete(oldest);
    const tail = createTail(ledger, { database, ledgers });
    tails.set(ledger.id, tail);
    return tail;
  };
  return {
    name: 'postings',
    step: spanEntries,
    async advance(ledger, size) {
      const tail = tailOf(ledger);
      await tail.advance(size);
      return tail.views();
    },
    keepWarm: (ledger, size) =>
      tails.has(ledger.id) || tails.size < tailsMax ? tailOf(ledger).advance(size) : Promise.resolve(),
    async open(client, ledger, pinned) {
      const { minimum, rows } = await selectSpans(client, ledger.id);
      const end = endOf(rows);
      return {
        live: pinned.filter(
          (span) => span.firstIndex >= end && span.count > 0 && span.firstIndex + span.count > minimum,
        ),
        async remaining(span, set) {
          if (span.firstIndex >= minimum) return set;
          return intersect(set, remainingOf(span, await span.ranks(), minimum));
        },
        stored: rows.map((row) => storedSpan(client, { ledger: ledger.id, row, cache })),
        lookupStored: (spans, keys) =>
          lookupSpans(client, { ledger: ledger.id, rows: spans.map((span) => span.row), keys, cache }),
      };
    },
    next: (cursor, size) => (size - cursor >= spanEntries ? cursor + spanEntries : cursor),
    prepare: (ledger, { end }) => tailOf(ledger).advance(end),
    async project(client, ledger, { first }) {
      const live = tailOf(ledger)
        .views()
        .find((span) => span.firstIndex === first);
      if (!live) throw new Error(`span at ${first} of ledger ${ledger.name} is not in memory`);
      await insertSpan(client, {
        ledger: ledger.id,
        level: 0,
        number: first / spanEntries,
        firstIndex: first,
        ...(await live.pack()),
      });
      for (let level = 0; level < spanLevelMax; level++) {
        const { rows } = await selectSpans(client, ledger.id);
        const ofLevel = rows.filter((row) => row.level === level);
        // A group whose first spans were purged is never merged.
        for (const group of Map.groupBy(ofLevel, (row) => Math.floor(row.number / mergeWidth)).values())
          if (group.length === mergeWidth) await mergeSpans(client, ledger.id, group);
      }
    },
    projected: (ledger, { end }) => tailOf(ledger).forget(end),
    async reset(client, ledger) {
      await client.query('delete from posting where ledger = $1', [ledger.id]);
      await client.query('delete from span where ledger = $1', [ledger.id]);
      tails.delete(ledger.id);
    },
  };
}

function endOf(rows: readonly SpanRow[]): number {
  return rows.reduce((end, row) => Math.max(end, row.firstIndex + row.count), 0);
}

interface Tail {
  advance(size: number): Promise<void>;
  views(): ReturnType<LiveSpan['view']>[];
  /** Drops spans that end at or before `end`: they are stored. */
  forget(end: number): void;
}

/** The terms of a purged entry: without terms no search finds it. */
const noTerms: ReadonlySet<string> = new Set();

/** The entries after the stored spans, indexed in memory. */
function createTail(ledger: LedgerRow, options: { database: Database; ledgers: Ledgers }): Tail {
  const scope = { tenant: ledger.tenant, ledgers: [ledger.id] };
  const tenantKeys = options.ledgers.tenantKeys(ledger.tenant);
  let spans: LiveSpan[] = [];
  let indexed: number | undefined;
  let busy: Promise<void> = Promise.resolve();

  const read = async (size: number): Promise<void> => {
    let lastPurgedRead = -1;
    while ((indexed ?? 0) < size) {
      await options.database.read(scope, async (client) => {
        const { minimum, rows } = await selectSpans(client, ledger.id);
        const stored = endOf(rows);
        // Positions count from a span's start, so a span whose first entries were purged is indexed from its start too.
        const first = Math.max(indexed ?? 0, stored, minimum - (minimum % spanEntries));
        spans = spans.filter((span) => span.firstIndex >= stored);
        const end = Math.min(size, first + readEntriesMax);
        const entries = end > first ? await options.ledgers.follow(client, ledger, { first, end }) : [];
        const firstIndex = entries[0]?.index ?? end;
        // The first entries were purged after this transaction began, so another transaction reads the new minimum.
        if (firstIndex > Math.max(first, minimum) && lastPurgedRead !== first) {
          lastPurgedRead = first;
          return;
        }
        for (let purged = first; purged < Math.min(firstIndex, minimum); purged++)
          spanAt(purged).add(0, noTerms);
        for (const { index, at, event, open } of entries) {
          spanAt(index).add(at, termsOf({ event, open }, tenantKeys.searchToken));
        }
        indexed = Math.max(first, end);
      });
    }
  };
  const spanAt = (index: number): LiveSpan => {
    const last = spans.at(-1);
    if (last && last.firstIndex + spanEntries > index) return last;
    const span = createLiveSpan(Math.floor(index / spanEntries) * spanEntries);
    spans.push(span);
    return span;
  };
  return {
    advance(size) {
      if (indexed !== undefined && indexed >= size) return Promise.resolve();
      // One call reads at a time; a call that waits has little left to read.
      busy = busy.then(
        () => read(size),
        () => read(size),
      );
      return busy;
    },
    views: () => spans.map((span) => span.view()),
    forget(end) {
      spans = spans.filter((span) => span.firstIndex + spanEntries > end);
    },
  };
}
