import type { Grant } from '../access/index.ts';
import { countOf, intersect, ranksOf, subtract, unite, type RankSet } from '../query/index.ts';
import { exactHits, placeOf } from './exact-hits.ts';
import { grantedCondition } from './granted-condition.ts';
import { readLedgers, viewsAt, type Hit, type ReadContext } from './reader.ts';
import type { Place } from './place.ts';
import { pageLimits, type SearchAnswer, type SearchInput } from './search.ts';

const lookWithinMs = 2_000;

/** Entries of one duration in one span. */
interface Part {
  durationMs: number;
  hit: Hit;
  set: RankSet;
}

/**
 * Entries that match, ordered by how long they took. Entries with the same duration follow each other newest first; entries
 * without a duration are last. Pages by offset only. @throws invalid_parameter, invalid_query, not_found
 */
export async function searchByDuration(
  grant: Grant,
  input: Omit<SearchInput, 'cursor'>,
  context: ReadContext,
): Promise<SearchAnswer> {
  const { limit = pageLimits.default, offset = 0, order = 'desc' } = input;
  const condition = grantedCondition(grant, input, context);
  const until = performance.now() + lookWithinMs;
  return readLedgers(grant, input.ledger, context, async (client, opened) => {
    const parts: Part[] = [];
    let allExact = true;
    for await (const { hits, exact } of exactHits(client, opened, { condition, context, until })) {
      allExact &&= exact;
      for (const hit of hits) parts.push(...(await partsOf(hit)));
    }
    const direction = order === 'desc' ? -1 : 1;
    const byDuration = [...Map.groupBy(parts, (part) => part.durationMs)].sort(([a], [b]) =>
      Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : (a - b) * direction,
    );
    const places = await pageOf(byDuration, { offset, limit });
    const answer: SearchAnswer = {
      entries: await viewsAt(client, places, context),
      next: null,
      previous: null,
      source: 'postgres',
    };
    if (input.count)
      Object.assign(answer, {
        count: parts.reduce((sum, { set }) => sum + countOf(set), 0),
        exact: allExact,
      });
    return answer;
  });
}

async function partsOf(hit: Hit): Promise<Part[]> {
  if (countOf(hit.set) === 0) return [];
  const values = await hit.span.scan('durationMs', () => true);
  const timed = values.map(({ value, set }) => ({ durationMs: Number(value), entries: set() }));
  const others = subtract(
    hit.set,
    unite(
      timed.map(({ entries }) => entries),
      hit.span.count,
    ),
  );
  return [
    ...timed.map(({ durationMs, entries }) => ({ durationMs, hit, set: intersect(hit.set, entries) })),
    { durationMs: NaN, hit, set: others },
  ].filter(({ set }) => countOf(set) > 0);
}

async function pageOf(
  byDuration: readonly (readonly [number, readonly Part[]])[],
  { offset, limit }: { offset: number; limit: number },
): Promise<Place[]> {
  const page: Place[] = [];
  let passed = 0;
  for (const [, parts] of byDuration) {
    const count = parts.reduce((sum, { set }) => sum + countOf(set), 0);
    if (passed + count > offset) {
      const places: Place[] = [];
      for (const { hit, set } of parts) {
        const ranks = await hit.span.ranks();
        for (const rank of ranksOf(set)) places.push(placeOf(hit, ranks, rank));
      }
      places.sort((a, b) => b.at - a.at || b.ledger.id - a.ledger.id || b.index - a.index);
      page.push(...places.slice(Math.max(0, offset - passed), offset + limit - passed));
    }
    passed += count;
    if (passed >= offset + limit) break;
  }
  return page;
}
