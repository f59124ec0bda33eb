import type { Ledger } from '../access/index.ts';
import { eachInTurn, type LoopTurns } from '../loop-turns.ts';
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
  /** Absent when there are no other callers. */
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

/** Pages that lie wholly inside what recent holds, for searches. Counts how often it could answer. */
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

/** Entries read to answer one question. With more, the index of PostgreSQL is faster. */
const readEntriesMax = 5_000;
/** Entries whose terms are compared, without reading the entries. */
const lookedAtMax = 20_000;
const entriesPerTurn = 256;
const keysMax = 16;

interface Found {
  ledger: Ledger;
  open: OpenRecent;
  held: HeldEntry[];
  /** Entries at or before this place are not known. Undefined when all matching entries, or as many as wanted, are in `held`. */
  floor: RecentPlace | undefined;
}

/**
 * The page, if it lies wholly inside what recent holds completely; undefined otherwise. Every entry newer than a
 * window's floor is in it, so above all floors this finds the same entries as PostgreSQL.
 */
async function recentPage(
  input: RecentPageInput,
  context: RecentPagesOptions,
): Promise<(RecentPage & { sizes: ReadonlyMap<number, number> }) | undefined> {
  const found: Found[] = [];
  const filled = input.ledgers.filter((ledger) => (input.heads.get(ledger.id)?.size ?? 0) > 0);
  const windows = await Promise.all(
    filled.map(async (ledger) => {
      const head = input.heads.get(ledger.id);
      return head && context.recent.open(ledger, head, input.early[input.ledgers.indexOf(ledger)]);
    }),
  );
  for (const [position, ledger] of filled.entries()) {
    const open = windows[position];
    const inLedger = open && (await findInLedger({ ledger, open }, input, context));
    if (!inLedger) return undefined;
    found.push(inLedger);
  }
  const merged = inWalkOrder(found, input);
  const last = merged.length >= input.limit ? merged.at(-1) : undefined;
  for (const { ledger, floor } of found) {
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
        found.find(({ ledger }) => ledger.id === id)?.open.window.state.upTo ?? 0,
      ]),
    ),
    async read(wanted) {
      const [only] = found;
      if (only && found.length === 1)
        return only.open.read(wanted.flatMap((place) => entryOf.get(place) ?? []));
      const byPlace = new Map<Place, RecentEntry>();
      for (const { ledger, open } of found) {
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
  found: readonly Found[],
  { walk, limit }: RecentPageInput,
): { ledger: Ledger; entry: HeldEntry }[] {
  const all = found.flatMap(({ ledger, held }) => held.map((entry) => ({ ledger, entry })));
  if (found.length > 1) all.sort((a, b) => (walk === 'asc' ? 1 : -1) * compareAcross(a, b));
  return all.slice(0, limit);
}

type InLedger = { ledger: Pick<Ledger, 'id'>; entry: RecentPlace };

function compareAcross(a: InLedger, b: InLedger): number {
  return a.entry.at - b.entry.at || a.ledger.id - b.ledger.id || a.entry.index - b.entry.index;
}

async function findInLedger(
  place: { ledger: Ledger; open: OpenRecent },
  input: RecentPageInput,
  context: RecentPagesOptions,
): Promise<Found | undefined> {
  const { window } = place.open;
  const bottom = window.floor(input.now);
  const whole: KeyList = { entries: window.entries, floor: bottom };
  const key = keyList(place.open, input.condition, context);
  for (const list of key ? [{ ...key, floor: later(key.floor, bottom) }, whole] : [whole]) {
    const found = await findInList(list, place, { input, context });
    if (found) return found;
  }
  return undefined;
}

async function findInList(
  list: KeyList,
  { ledger, open }: { ledger: Ledger; open: OpenRecent },
  { input, context }: { input: RecentPageInput; context: RecentPagesOptions },
): Promise<Found | undefined> {
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
    const held: HeldEntry[] = [];
    let looked = 0;
    for (const entry of inOrder(list.entries, walk)) {
      if (++looked > lookedAtMax) return undefined;
      if (!inRange(entry) || (condition.kind !== 'all' && !matchesTerms(condition, entry))) continue;
      if (held.push(entry) >= limit) return { ledger, open, held, floor: undefined };
    }
    return { ledger, open, held, floor };
  }
  if (floor) return undefined;
  const candidates = [...inOrder(list.entries, walk)].filter(inRange);
  if (candidates.length > readEntriesMax) return undefined;
  const held = await matching(candidates, { open, ledger, condition, limit, source, turns });
  return held && { ledger, open, held, floor: undefined };
}

function* inOrder(entries: readonly HeldEntry[], walk: Order): Generator<HeldEntry> {
  const last = entries.length - 1;
  for (let rank = 0; rank <= last; rank++) {
    const entry = entries[walk === 'asc' ? rank : last - rank];
    if (entry) yield entry;
  }
}

/** Stands for the event when the terms alone decide. */
const noEvent: RecentEntry['event'] = { id: '', action: '', actor: { type: 'system', id: '' } };

function matchesTerms(condition: Condition, { at, terms }: HeldEntry): boolean {
  return matches(condition, { event: noEvent, at, terms });
}

async function matching(
  candidates: readonly HeldEntry[],
  options: Pick<RecentPagesOptions, 'source' | 'turns'> & {
    open: OpenRecent;
    ledger: Ledger;
    condition: Condition;
    limit: number;
  },
): Promise<HeldEntry[] | undefined> {
  const { open, ledger, condition, limit, source, turns } = options;
  const held: HeldEntry[] = [];
  for (let first = 0; first < candidates.length && held.length < limit; first += entriesPerTurn) {
    const some = candidates.slice(first, first + entriesPerTurn);
    const entries = await open.read(some);
    if (!entries) return undefined;
    const fits = (entry: RecentEntry): boolean =>
      matches(condition, {
        event: entry.event,
        at: entry.at,
        terms: source.termsOf(ledger.tenant, entry),
      });
    const found = await eachInTurn(entries, fits, turns);
    held.push(...some.filter((_, position) => found[position]));
  }
  return held.slice(0, limit);
}

/** True when the terms of indexed fields tell whether an entry matches. */
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

/** Entries of the keys of the longest index, of those whose fields all have a value in the condition. */
export function keyList(
  { window }: OpenRecent,
  condition: Condition,
  { recent, source }: Pick<RecentPagesOptions, 'recent' | 'source'>,
): KeyList | undefined {
  const parts = condition.kind === 'and' ? condition.parts : [condition];
  const termsWanted = (field: string): readonly string[] | undefined => {
    const part = parts.find(
      (candidate) => candidate.kind === 'keys' && candidate.keys.every((term) => source.isOf(term, field)),
    );
    return part?.kind === 'keys' ? part.keys : undefined;
  };
  const longestFirst = [...recent.settings.indexes].sort((a, b) => b.length - a.length);
  for (const fields of longestFirst) {
    let combinations: string[][] | undefined = [[]];
    for (const field of fields) {
      const terms = termsWanted(field);
      combinations = terms && combinations?.flatMap((chosen) => terms.map((term) => [...chosen, term]));
    }
    if (!combinations || combinations.length > keysMax) continue;
    return united(combinations.map((terms) => window.key(fields, terms)));
  }
  return undefined;
}

/** Several lists of one window as one list. */
function united(lists: readonly KeyList[]): KeyList {
  const filled = lists.filter(({ entries }) => entries.length > 0);
  const floor = lists.map((list) => list.floor).reduce(later, undefined);
  const [only] = filled;
  if (filled.length <= 1) return { entries: only?.entries ?? [], floor };
  const all = new Set(filled.flatMap(({ entries }) => entries));
  return { entries: [...all].sort(comparePlaces), floor };
}
