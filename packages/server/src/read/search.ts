import type { Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { EntryView } from '../ledger/index.ts';
import { countBetween, pick, rankOfPlace, rankOfTime, type Ranks } from '../projections/index.ts';
import type { Client } from '../storage/index.ts';
import { needsText, type Condition } from './condition.ts';
import type { Filters } from './conditions-of.ts';
import { grantedCondition } from './granted-condition.ts';
import { exactHits, placeOf, withText } from './exact-hits.ts';
import {
  hitsOf,
  readLedgers,
  viewsAt,
  type Hit,
  type OpenLedger,
  type Order,
  type Place,
  type ReadContext,
} from './reader.ts';

export interface SearchInput extends Filters {
  ledger?: string | undefined;
  /** 1 to 1,000; default 50. */
  limit?: number | undefined;
  /** Entries to leave out before the first, where there is no cursor: for lists with page numbers. */
  offset?: number | undefined;
  cursor?: string | undefined;
  order?: Order | undefined;
  count?: boolean | undefined;
}

export interface SearchAnswer {
  entries: EntryView[];
  /** Cursor of the page after this one in the order asked, or null at the end. */
  next: string | null;
  /** Cursor of the page before this one, or null on the first page. */
  previous: string | null;
  source: 'postgres';
  count?: number;
  /** False when the count was given up after two seconds: then there are at least as many. */
  exact?: boolean;
}

export const pageLimits = { default: 50, max: 1_000 };
const countWithinMs = 2_000;

/** Entries that match, newest first (or oldest first), by keyset. @throws invalid_parameter, invalid_query, not_found */
export async function search(grant: Grant, input: SearchInput, context: ReadContext): Promise<SearchAnswer> {
  const limit = input.limit ?? pageLimits.default;
  const order = input.order ?? 'desc';
  const condition = grantedCondition(grant, input, context);
  const offset = input.offset ?? 0;
  const cursor = input.cursor === undefined ? undefined : decodeCursor(input.cursor);
  // Going back is walking the other way from where the page began.
  const backwards = cursor?.backwards ?? false;
  const walk: Order = backwards === (order === 'desc') ? 'asc' : 'desc';
  return readLedgers(grant, input.ledger, context, async (client, opened) => {
    const { places: found, lookedAt } = await findPlaces(client, opened, {
      condition,
      order: walk,
      limit: offset + limit + 1,
      after: cursor?.place,
      context,
    });
    const page = found.slice(offset, offset + limit);
    const further = found.length > offset + limit;
    // Time was up between two matches: the next page goes on after the last entry that was looked at.
    const goOn = lookedAt && !further ? lookedAt : undefined;
    if (backwards) page.reverse();
    const first = page.at(0);
    const last = page.at(-1);
    const answer: SearchAnswer = {
      entries: await viewsAt(client, page, context),
      next: nextCursor({ last, goOn, more: further || backwards, backwards }),
      previous: first && (backwards ? further : cursor !== undefined) ? encodeCursor(first, true) : null,
      source: 'postgres',
    };
    if (input.count) Object.assign(answer, await countMatches(client, opened, condition, context));
    return answer;
  });
}

function nextCursor(page: {
  last: Place | undefined;
  goOn: Place | undefined;
  more: boolean;
  backwards: boolean;
}): string | null {
  if (page.goOn && !page.backwards) return encodeCursor(page.goOn, false);
  return page.last && page.more ? encodeCursor(page.last, false) : null;
}

interface FindOptions {
  condition: Condition;
  order: Order;
  limit: number;
  after: CursorPlace | undefined;
  context: ReadContext;
}

/** What was found; `lookedAt` is where time was up before `limit` were. */
interface Found {
  places: Place[];
  lookedAt?: Place;
}

/** Phrases are compared with the text of each candidate; a search gives up after two seconds and says where. */
const findWithinMs = 2_000;

/** The first `limit` places that match after a place, in order. */
export async function findPlaces(
  client: Client,
  opened: readonly OpenLedger[],
  options: FindOptions,
): Promise<Found> {
  if (!needsText(options.condition)) return { places: await candidates(opened, options) };
  const until = performance.now() + findWithinMs;
  const found: Place[] = [];
  let { after } = options;
  for (;;) {
    const wanted = Math.max(options.limit, 200);
    const places = await candidates(opened, { ...options, limit: wanted, after });
    found.push(...(await withText(client, places, options)));
    const last = places.at(-1);
    if (places.length < wanted || found.length >= options.limit || !last)
      return { places: found.slice(0, options.limit) };
    if (performance.now() > until) return { places: found, lookedAt: last };
    after = { at: last.at, ledger: last.ledger.id, index: last.index };
  }
}

async function candidates(opened: readonly OpenLedger[], options: FindOptions): Promise<Place[]> {
  const { order, limit } = options;
  let found: Place[] = [];
  for await (const { hits, bound } of hitsOf(opened, { condition: withinCursor(options), order })) {
    for (const hit of hits) found.push(...(await placesOf(hit, options)));
    found = found
      .sort((a, b) => (order === 'desc' ? comparePlaces(b, a) : comparePlaces(a, b)))
      .slice(0, limit);
    const last = found[limit - 1];
    if (last && (order === 'desc' ? last.at > bound : last.at < bound)) break;
  }
  return found;
}

/** Spans that lie wholly before the cursor need not be looked into. */
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

/** How many entries match: exactly, or as many as could be looked at in two seconds. */
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

interface CursorPlace {
  at: number;
  ledger: number;
  index: number;
}

function encodeCursor(place: Place, backwards: boolean): string {
  return Buffer.from(JSON.stringify([place.at, place.ledger.id, place.index, backwards ? 1 : 0])).toString(
    'base64url',
  );
}

function decodeCursor(cursor: string): { place: CursorPlace; backwards: boolean } {
  const refuse = (): never => {
    throw new AuditError('invalid_parameter', {
      parameter: 'cursor',
      detail: 'cursor is not one that a search answered',
    });
  };
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(parts) || parts.length !== 4 || !parts.every(Number.isSafeInteger)) return refuse();
    const [at, ledger, index, backwards] = parts.map(Number);
    return { place: { at: at ?? 0, ledger: ledger ?? 0, index: index ?? 0 }, backwards: backwards === 1 };
  } catch {
    return refuse();
  }
}
