import { ledgersFor, rowAccessOf, type Grant, type Ledger } from '../access/index.ts';
import { countBetween, pick, rankOfPlace, rankOfTime, type Ranks } from '../query/index.ts';
import type { ListedEntry } from './listed-entry.ts';
import type { PageSource } from './page-source.ts';
import type { Client } from '../storage/index.ts';
import { needsText, type Condition } from '../query/index.ts';
import type { EntryFilters } from '../query/index.ts';
import { decodeCursor, encodeCursor, nextCursor, type CursorPlace } from './cursor.ts';
import { grantedCondition } from './granted-condition.ts';
import { exactHits, placeOf, withText } from './exact-hits.ts';
import {
  hitsOf,
  openLedgers,
  peekSizes,
  viewsAt,
  type Hit,
  type OpenLedger,
  type ReadContext,
} from './reader.ts';
import type { Order, Place } from './place.ts';

export interface SearchInput extends EntryFilters {
  ledger?: string | undefined;
  /** 1 to 1,000; default 50. */
  limit?: number | undefined;
  /** How many entries are skipped before the first one, when there is no cursor: for lists with page numbers. */
  offset?: number | undefined;
  cursor?: string | undefined;
  order?: Order | undefined;
  count?: boolean | undefined;
}

export interface SearchAnswer {
  entries: ListedEntry[];
  /** Cursor of the page after this one in the order asked, or null at the end. */
  next: string | null;
  /** Cursor of the page before this one, or null on the first page. */
  previous: string | null;
  /** The store that the entries were read from. */
  source: 'postgres' | 'recent';
  count?: number;
  /** False when counting was stopped after two seconds: then there are at least as many entries. */
  exact?: boolean;
}

export const pageLimits = { default: 50, max: 1_000 };
const countWithinMs = 2_000;

/** Entries that match, newest first (or oldest first), by keyset. @throws invalid_parameter, invalid_query, not_found */
export async function search(grant: Grant, input: SearchInput, context: ReadContext): Promise<SearchAnswer> {
  const order = input.order ?? 'desc';
  const cursor = input.cursor === undefined ? undefined : decodeCursor(input.cursor);
  // Going back means walking in the other direction from the start of the page.
  const backwards = cursor?.backwards ?? false;
  const page: PageInput = {
    condition: grantedCondition(grant, input, context),
    limit: input.limit ?? pageLimits.default,
    offset: input.offset ?? 0,
    walk: backwards === (order === 'desc') ? 'asc' : 'desc',
    backwards,
    after: cursor?.place,
  };
  const ledgers = ledgersFor(grant, input.ledger);
  const scope = rowAccessOf(grant, ledgers);
  const { pageSources: sources } = context;
  const sourced = order === 'desc' ? await pageOfSources(page, { ledgers, sources }) : undefined;
  if (sourced?.answer && !input.count) return sourced.answer;
  const sizes = sourced?.sizes ?? (await peekSizes(context.database, scope.ledgers));
  return openLedgers(ledgers, { scope, sizes, context }, async (client, opened) => {
    // The count comes from PostgreSQL. Entries and count must describe the same ledger sizes; if they do not, PostgreSQL
    // gives both.
    const answer =
      sourced?.answer && !(await haveGrown(client, sourced.sizes))
        ? sourced.answer
        : await pageOfDatabase(client, opened, { page, context });
    if (input.count) Object.assign(answer, await countMatches(client, opened, page.condition, context));
    return answer;
  });
}

interface PageInput {
  condition: Condition;
  limit: number;
  offset: number;
  walk: Order;
  backwards: boolean;
  after: CursorPlace | undefined;
}

/** The page from the first source that holds all of it, and the sizes of the ledgers at that moment. */
async function pageOfSources(
  page: PageInput,
  { ledgers, sources }: { ledgers: readonly Ledger[]; sources: readonly PageSource[] },
): Promise<{ answer?: SearchAnswer; sizes: ReadonlyMap<number, number> } | undefined> {
  let sizes: ReadonlyMap<number, number> | undefined;
  for (const source of sources) {
    const question = {
      ledgers,
      condition: page.condition,
      walk: page.walk,
      after: page.after,
      limit: page.offset + page.limit + 1,
    };
    const result = await source.ask(question);
    sizes = result.sizes;
    const listed = result.page && cut(result.page.places, page);
    const entries = listed && (await result.page?.read(listed.places));
    if (!listed || !entries) continue;
    return { answer: { entries, ...cursorsOf(listed, page), source: source.name }, sizes };
  }
  return sizes && { sizes };
}

/** Whether a ledger has more entries in this transaction than at `sizes`. */
async function haveGrown(client: Client, sizes: ReadonlyMap<number, number>): Promise<boolean> {
  const heads = await client.query<{ ledger: number; size: number }>({
    name: 'sizes-now',
    text: 'select ledger, size from head where ledger = any($1::integer[])',
    values: [[...sizes.keys()]],
  });
  return heads.rows.some(({ ledger, size }) => sizes.get(ledger) !== size);
}

async function pageOfDatabase(
  client: Client,
  opened: readonly OpenLedger[],
  { page, context }: { page: PageInput; context: ReadContext },
): Promise<SearchAnswer> {
  const { places, lookedAt } = await findPlaces(client, opened, {
    condition: page.condition,
    order: page.walk,
    after: page.after,
    context,
    limit: page.offset + page.limit + 1,
  });
  const listed = cut(places, page);
  // When the time is up between two matches, the next page continues after the last entry that was compared.
  const goOn = lookedAt && !listed.further ? lookedAt : undefined;
  return {
    entries: await viewsAt(client, listed.places, context),
    ...cursorsOf({ ...listed, goOn }, page),
    source: 'postgres',
  };
}

interface Listed {
  /** In the order asked for. */
  places: Place[];
  /** There are more entries in the direction of the walk. */
  further: boolean;
  goOn?: Place | undefined;
}

function cut(found: readonly Place[], { offset, limit, backwards }: PageInput): Listed {
  const places = found.slice(offset, offset + limit);
  if (backwards) places.reverse();
  return { places, further: found.length > offset + limit };
}

function cursorsOf(
  { places, further, goOn }: Listed,
  { backwards, after }: PageInput,
): Pick<SearchAnswer, 'next' | 'previous'> {
  const first = places.at(0);
  return {
    next: nextCursor({ last: places.at(-1), goOn, more: further || backwards, backwards }),
    previous: first && (backwards ? further : after !== undefined) ? encodeCursor(first, true) : null,
  };
}

interface FindOptions {
  condition: Condition;
  order: Order;
  limit: number;
  after: CursorPlace | undefined;
  context: ReadContext;
}

/** The places that match. When the time was up before `limit` places matched, `lookedAt` is the last place that was compared. */
interface FoundPlaces {
  places: Place[];
  lookedAt?: Place;
}

/**
 * Phrases are compared with the text of each candidate. A search stops after two seconds, and its answer says at which
 * place.
 */
const findWithinMs = 2_000;

/** The first `limit` places that match after a place, in order. */
export async function findPlaces(
  client: Client,
  opened: readonly OpenLedger[],
  options: FindOptions,
): Promise<FoundPlaces> {
  if (!needsText(options.condition)) return { places: await candidates(opened, options) };
  const until = performance.now() + findWithinMs;
  const matching: Place[] = [];
  let { after } = options;
  for (;;) {
    const wanted = Math.max(options.limit, 200);
    const places = await candidates(opened, { ...options, limit: wanted, after });
    matching.push(...(await withText(client, places, options)));
    const last = places.at(-1);
    if (places.length < wanted || matching.length >= options.limit || !last)
      return { places: matching.slice(0, options.limit) };
    if (performance.now() > until) return { places: matching, lookedAt: last };
    after = { at: last.at, ledger: last.ledger.id, index: last.index };
  }
}

async function candidates(opened: readonly OpenLedger[], options: FindOptions): Promise<Place[]> {
  const { order, limit } = options;
  let nearest: Place[] = [];
  for await (const { hits, bound } of hitsOf(opened, { condition: withinCursor(options), order })) {
    for (const hit of hits) nearest.push(...(await placesOf(hit, options)));
    nearest = nearest
      .sort((a, b) => (order === 'desc' ? comparePlaces(b, a) : comparePlaces(a, b)))
      .slice(0, limit);
    const last = nearest[limit - 1];
    if (last && (order === 'desc' ? last.at > bound : last.at < bound)) break;
  }
  return nearest;
}

/** Spans that lie wholly before the cursor need not be read. */
function withinCursor({ condition, order, after }: FindOptions): Condition {
  if (!after) return condition;
  const time: Condition =
    order === 'desc'
      ? { kind: 'time', from: -Infinity, to: after.at + 1 }
      : { kind: 'time', from: after.at, to: Infinity };
  return { kind: 'and', parts: condition.kind === 'and' ? [...condition.parts, time] : [condition, time] };
}

async function placesOf(hit: Hit, options: FindOptions): Promise<Place[]> {
  const { order, limit, after } = options;
  if (countBetween(hit.set, 0, hit.span.count) === 0) return [];
  const ranks = await hit.span.ranks();
  const { start, end } = after ? beyond(hit, { ranks, after, order }) : { start: 0, end: hit.span.count };
  return pick(hit.set, { start, end, limit, ascending: order === 'asc' }).map((rank) =>
    placeOf(hit, ranks, rank),
  );
}

function beyond(
  hit: Hit,
  options: { ranks: Ranks; after: CursorPlace; order: Order },
): { start: number; end: number } {
  const { ranks, after, order } = options;
  const { count, firstIndex } = hit.span;
  const rank = (place: { at: number; index: number }): number =>
    rankOfPlace(ranks, { at: place.at, offset: place.index - firstIndex });
  // Entries of the same moment in another ledger stand wholly before or after the cursor's.
  const sameMoment =
    hit.ledger.id === after.ledger ? undefined : hit.ledger.id < after.ledger ? 'before' : 'after';
  if (order === 'desc') {
    const end =
      sameMoment === 'before'
        ? rankOfTime(ranks, after.at + 1)
        : sameMoment === 'after'
          ? rankOfTime(ranks, after.at)
          : rank(after);
    return { start: 0, end };
  }
  const start =
    sameMoment === 'before'
      ? rankOfTime(ranks, after.at + 1)
      : sameMoment === 'after'
        ? rankOfTime(ranks, after.at)
        : rank({ ...after, index: after.index + 1 });
  return { start, end: count };
}

function comparePlaces(a: Place, b: Place): number {
  return a.at - b.at || a.ledger.id - b.ledger.id || a.index - b.index;
}

/** The number of entries that match. It is exact, or the number of matches found within two seconds. */
export async function countMatches(
  client: Client,
  opened: readonly OpenLedger[],
  condition: Condition,
  context: ReadContext,
): Promise<{ count: number; exact: boolean }> {
  const until = performance.now() + countWithinMs;
  let count = 0;
  for await (const { hits, exact } of exactHits(client, opened, { condition, context, until })) {
    for (const hit of hits) count += countBetween(hit.set, 0, hit.span.count);
    if (!exact) return { count, exact };
  }
  return { count, exact: true };
}
