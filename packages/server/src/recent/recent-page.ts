import type { Ledger } from '../access/index.ts';
import { eachInTurn, type LoopTurns } from '../loop-turns.ts';
import { keyList } from './key-list.ts';
import { comparePlaces, later, type RecentEntry, type RecentPlace } from './recent-entry.ts';
import { fieldAlwaysHeld } from './recent-settings.ts';
import { fieldName } from '../query/index.ts';
import type { EarlyState } from './window-state.ts';
import type { HeldEntry, KeyList } from './window.ts';
import type { OpenRecent, Recent } from './recent.ts';
import type { RecentSource } from './recent-source.ts';
import type { LedgerHead } from '../storage/index.ts';
import { matches, timeBounds, type Condition } from '../query/index.ts';
import type { Order, PageQuestion, PageSource, Place } from '../read/index.ts';

export interface RecentPagesOptions {
  readonly recent: Recent;
  readonly source: RecentSource;
  /** Lets the questions of others run in between; absent when there are no other callers. */
  readonly turns?: LoopTurns | undefined;
  readonly clock: () => number;
}

interface RecentPageInput extends PageQuestion {
  /** State of each ledger, read just before. */
  readonly heads: ReadonlyMap<number, LedgerHead>;
  /** The state of each ledger, read at the same time as the heads, in the order of the ledgers. */
  readonly early: readonly (EarlyState | undefined)[];
  /** ms */
  readonly now: number;
}

interface RecentPage {
  places: readonly Place[];
  read(places: readonly Place[]): Promise<RecentEntry[] | undefined>;
}

/** The page source of recent: answers pages that lie wholly inside what recent holds, and counts hits and misses. */
export function createRecentPages(options: RecentPagesOptions): PageSource {
  const { recent, source, clock } = options;
  return {
    name: 'recent',
    async ask(question) {
      const [heads, early] = await Promise.all([
        source.heads(question.ledgers.map(({ id }) => id)),
        Promise.all(question.ledgers.map((ledger) => recent.early(ledger))),
      ]);
      const page = await recentPage({ ...question, heads, early, now: clock() }, options);
      if (!page) {
        recent.counted('miss');
        return { sizes: new Map([...heads].map(([ledger, { size }]) => [ledger, size])) };
      }
      const read: RecentPage['read'] = async (places) => {
        const entries = await page.read(places);
        recent.counted(entries ? 'hit' : 'miss');
        return entries;
      };
      return { sizes: page.sizes, page: { places: page.places, read } };
    },
  };
}

/** Entries that are read to answer one question. With more, the index of PostgreSQL is faster. */
const readEntriesMax = 5_000;
/** Entries whose terms are compared to answer one question; the entries themselves are not read. */
const comparedEntriesMax = 20_000;
const entriesPerTurn = 256;

/** The matching entries of one ledger. */
interface LedgerMatches {
  ledger: Ledger;
  open: OpenRecent;
  entries: HeldEntry[];
  /** Matching entries at or before this place may be missing. Undefined when `entries` has all of them, or the limit. */
  floor: RecentPlace | undefined;
}

/**
 * The page, or undefined when a part of it may lie outside what recent holds. A window has every entry above its floor,
 * so above the floors of all ledgers this finds the same entries as PostgreSQL.
 */
async function recentPage(
  input: RecentPageInput,
  context: RecentPagesOptions,
): Promise<(RecentPage & { sizes: ReadonlyMap<number, number> }) | undefined> {
  const byLedger: LedgerMatches[] = [];
  const filled = input.ledgers.filter((ledger) => (input.heads.get(ledger.id)?.size ?? 0) > 0);
  const windows = await Promise.all(
    filled.map(async (ledger) => {
      const head = input.heads.get(ledger.id);
      return head && context.recent.open(ledger, head, input.early[input.ledgers.indexOf(ledger)]);
    }),
  );
  for (const [position, ledger] of filled.entries()) {
    const open = windows[position];
    const inLedger = open && (await matchesInLedger({ ledger, open }, input, context));
    if (!inLedger) return undefined;
    byLedger.push(inLedger);
  }
  const merged = inWalkOrder(byLedger, input);
  const last = merged.length >= input.limit ? merged.at(-1) : undefined;
  for (const { ledger, floor } of byLedger) {
    if (!floor) continue;
    if (!last || compareAcross(last, { ledger, entry: floor }) <= 0) return undefined;
  }
  const entryOf = new Map<Place, HeldEntry>();
  for (const { ledger, entry } of merged) entryOf.set({ at: entry.at, ledger, index: entry.index }, entry);
  return {
    places: [...entryOf.keys()],
    sizes: new Map(
      input.ledgers.map(({ id }) => [
        id,
        byLedger.find(({ ledger }) => ledger.id === id)?.open.window.state.upTo ?? 0,
      ]),
    ),
    async read(wanted) {
      const [only] = byLedger;
      if (only && byLedger.length === 1)
        return only.open.read(wanted.flatMap((place) => entryOf.get(place) ?? []));
      const byPlace = new Map<Place, RecentEntry>();
      for (const { ledger, open } of byLedger) {
        const inLedger = wanted.filter((place) => place.ledger === ledger);
        const entries = await open.read(inLedger.flatMap((place) => entryOf.get(place) ?? []));
        if (entries?.length !== inLedger.length) return undefined;
        inLedger.forEach((place, position) => {
          const entry = entries[position];
          if (entry) byPlace.set(place, entry);
        });
      }
      return wanted.flatMap((place) => byPlace.get(place) ?? []);
    },
  };
}

/** The entries of all ledgers in the order of the walk. The entries of each ledger are in order already. */
function inWalkOrder(
  byLedger: readonly LedgerMatches[],
  { walk, limit }: RecentPageInput,
): { ledger: Ledger; entry: HeldEntry }[] {
  const all = byLedger.flatMap(({ ledger, entries }) => entries.map((entry) => ({ ledger, entry })));
  if (byLedger.length > 1) all.sort((a, b) => (walk === 'asc' ? 1 : -1) * compareAcross(a, b));
  return all.slice(0, limit);
}

type InLedger = { ledger: Pick<Ledger, 'id'>; entry: RecentPlace };

function compareAcross(a: InLedger, b: InLedger): number {
  return a.entry.at - b.entry.at || a.ledger.id - b.ledger.id || a.entry.index - b.entry.index;
}

/** The matching entries of a ledger, by an index if there is one, else among all entries; undefined when some may be missing. */
async function matchesInLedger(
  place: { ledger: Ledger; open: OpenRecent },
  input: RecentPageInput,
  context: RecentPagesOptions,
): Promise<LedgerMatches | undefined> {
  const { window } = place.open;
  const bottom = window.floor(input.now);
  const whole: KeyList = { entries: window.entries, floor: bottom };
  const key = keyList(place.open, input.condition, context);
  for (const list of key ? [{ ...key, floor: later(key.floor, bottom) }, whole] : [whole]) {
    const matchesOfList = await matchesInList(list, place, { input, context });
    if (matchesOfList) return matchesOfList;
  }
  return undefined;
}

async function matchesInList(
  list: KeyList,
  { ledger, open }: { ledger: Ledger; open: OpenRecent },
  { input, context }: { input: RecentPageInput; context: RecentPagesOptions },
): Promise<LedgerMatches | undefined> {
  const { condition, after, walk, limit } = input;
  const bounds = timeBounds(condition);
  // No matching entry is missing when the range begins after the floor.
  const floor = list.floor && bounds.from > list.floor.at ? undefined : list.floor;
  const cursor = after && { ledger: { id: after.ledger }, entry: after };
  if (walk === 'asc' && floor && (!cursor || compareAcross(cursor, { ledger, entry: floor }) < 0))
    return undefined;
  const inRange = (entry: HeldEntry): boolean => {
    if (entry.at < bounds.from || entry.at >= bounds.to) return false;
    if (list.floor && comparePlaces(entry, list.floor) <= 0) return false;
    if (!cursor) return true;
    const order = compareAcross({ ledger, entry }, cursor);
    return walk === 'desc' ? order < 0 : order > 0;
  };
  const { source, recent, turns } = context;
  const fields = [fieldAlwaysHeld, ...recent.settings.indexes.flat()];
  if (decidedBy(condition, (term) => fields.some((field) => source.isOf(term, field)))) {
    const entries: HeldEntry[] = [];
    let compared = 0;
    for (const entry of inOrder(list.entries, walk)) {
      if (++compared > comparedEntriesMax) return undefined;
      if (!inRange(entry) || (condition.kind !== 'all' && !matchesTerms(condition, entry))) continue;
      if (entries.push(entry) >= limit) return { ledger, open, entries, floor: undefined };
    }
    return { ledger, open, entries, floor };
  }
  if (floor) return undefined;
  const candidates = [...inOrder(list.entries, walk)].filter(inRange);
  if (candidates.length > readEntriesMax) return undefined;
  const entries = await readMatching(candidates, { open, ledger, condition, limit, source, turns });
  return entries && { ledger, open, entries, floor: undefined };
}

function* inOrder(entries: readonly HeldEntry[], walk: Order): Generator<HeldEntry> {
  const last = entries.length - 1;
  for (let rank = 0; rank <= last; rank++) {
    const entry = entries[walk === 'asc' ? rank : last - rank];
    if (entry) yield entry;
  }
}

/** Used in place of the event when the terms alone decide. */
const noEvent: RecentEntry['event'] = { id: '', action: '', actor: { type: 'system', id: '' } };

function matchesTerms(condition: Condition, { at, terms }: HeldEntry): boolean {
  return matches(condition, { event: noEvent, at, terms });
}

/** The candidates whose events match, as many as the limit; undefined when an entry cannot be read. */
async function readMatching(
  candidates: readonly HeldEntry[],
  options: Pick<RecentPagesOptions, 'source' | 'turns'> & {
    open: OpenRecent;
    ledger: Ledger;
    condition: Condition;
    limit: number;
  },
): Promise<HeldEntry[] | undefined> {
  const { open, ledger, condition, limit, source, turns } = options;
  const matching: HeldEntry[] = [];
  for (let first = 0; first < candidates.length && matching.length < limit; first += entriesPerTurn) {
    const batch = candidates.slice(first, first + entriesPerTurn);
    const entries = await open.read(batch);
    if (!entries) return undefined;
    const fits = (entry: RecentEntry): boolean =>
      matches(condition, {
        event: entry.event,
        at: entry.at,
        terms: source.termsOf(ledger.tenant, entry),
      });
    const isMatch = await eachInTurn(entries, fits, turns);
    matching.push(...batch.filter((_, position) => isMatch[position]));
  }
  return matching.slice(0, limit);
}

/** True when the terms of indexed fields are enough to decide whether an entry matches. */
function decidedBy(condition: Condition, isHeld: (term: string) => boolean): boolean {
  switch (condition.kind) {
    case 'all':
    case 'time':
      return true;
    case 'keys':
      return condition.keys.every(isHeld);
    case 'scan':
      return isHeld(`${fieldName(condition.field)}\0`);
    case 'phrase':
      return false;
    case 'and':
    case 'or':
      return condition.parts.every((part) => decidedBy(part, isHeld));
    case 'not':
      return decidedBy(condition.part, isHeld);
  }
}
