import { listSet, pick, termsOf, type Ranks } from '../query/index.ts';
import { eachInTurn } from '../loop-turns.ts';
import type { Client } from '../storage/index.ts';
import { matches, needsText, type Condition } from '../query/index.ts';
import { hitsOf, viewsAt, type Hit, type OpenLedger, type ReadContext } from './reader.ts';
import type { Place } from './place.ts';

const entriesPerRead = 500;

interface ExactOptions {
  condition: Condition;
  context: ReadContext;
  /** `performance.now()` at which to give up. */
  until: number;
}

/**
 * Matching entries span by span, newest first. Phrases have been compared with the text, so counts over the sets are
 * right. `exact` is false when the time was up: then these hits are the last.
 */
export async function* exactHits(
  client: Client,
  opened: readonly OpenLedger[],
  options: ExactOptions,
): AsyncGenerator<{ hits: Hit[]; exact: boolean }> {
  const text = needsText(options.condition);
  for await (const { hits } of hitsOf(opened, { condition: options.condition, order: 'desc' })) {
    const narrowed: Hit[] = [];
    if (text) for (const hit of hits) narrowed.push(await narrow(client, hit, options));
    const exact = performance.now() <= options.until;
    yield { hits: text ? narrowed : hits, exact };
    if (!exact) return;
  }
}

/** Removes the entries whose text has the words of a phrase, but not the phrase itself. */
async function narrow(client: Client, hit: Hit, options: ExactOptions): Promise<Hit> {
  const { span, set } = hit;
  const candidates = pick(set, { start: 0, end: span.count, limit: span.count, ascending: true });
  const ranks = candidates.length > 0 ? await span.ranks() : undefined;
  const kept: number[] = [];
  for (let start = 0; ranks && start < candidates.length; start += entriesPerRead) {
    if (performance.now() > options.until) break;
    const some = candidates.slice(start, start + entriesPerRead);
    const places = some.map((rank) => placeOf(hit, ranks, rank));
    const matching = new Set(await withText(client, places, options));
    places.forEach((place, position) => {
      if (matching.has(place)) kept.push(some[position] ?? 0);
    });
  }
  return { ...hit, set: listSet(span.count, Uint32Array.from(kept)) };
}

/** The place of the entry that has a rank. */
export function placeOf(hit: Hit, ranks: Ranks, rank: number): Place {
  return {
    at: ranks.ats[rank] ?? 0,
    ledger: hit.ledger,
    index: hit.span.firstIndex + (ranks.offsets[rank] ?? 0),
  };
}

/** The places whose entries match. The entries themselves are read and compared. */
export async function withText(
  client: Client,
  places: readonly Place[],
  options: { condition: Condition; context: ReadContext },
): Promise<Place[]> {
  const views = await viewsAt(client, places, options.context);
  const byIndex = new Map(views.map((view) => [`${view.ledger}/${view.index}`, view]));
  const fits = await eachInTurn(
    places,
    (place) => {
      const view = byIndex.get(`${place.ledger.name}/${place.index}`);
      if (!view) return false;
      const { searchToken } = options.context.ledgers.tenantKeys(place.ledger.tenant);
      return matches(options.condition, {
        event: view.event,
        at: place.at,
        terms: termsOf(view, searchToken),
      });
    },
    options.context.turns,
  );
  return places.filter((_, position) => fits[position]);
}
