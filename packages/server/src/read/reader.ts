import type { Order, Place } from './place.ts';
import type { PageSource } from './page-source.ts';
import { ledgersFor, rowAccessOf, type Grant, type Ledger } from '../access/index.ts';
import { eventViews, readEntries, type EntryView, type Ledgers } from '../ledger/index.ts';
import type { Postings, SpanSet, StoredSpan } from '../projections/index.ts';
import type { RankSet, Span } from '../query/index.ts';
import type { LoopTurns } from '../loop-turns.ts';
import type { Client, Database, RowAccess } from '../storage/index.ts';
import { keysOf, timeBounds, type Condition } from '../query/index.ts';
import { evaluate } from '../query/index.ts';

export interface ReadContext {
  database: Database;
  ledgers: Ledgers;
  postings: Postings;
  /** Stores beside PostgreSQL, asked in their order. */
  pageSources: readonly PageSource[];
  /** Long work lets short questions go first; absent when there are no other callers. */
  turns?: LoopTurns | undefined;
  /** IANA zone of bare dates and of days. */
  zone: string;
  clock: () => number;
}

/** One ledger as a query sees it. */
export interface OpenLedger {
  ledger: Ledger;
  spans: SpanSet;
}

/** A span with the set of its entries that match. */
export interface Hit {
  ledger: Ledger;
  span: Span;
  set: RankSet;
}

/**
 * Runs a read on the ledgers that a caller may see. It sees every entry that was acknowledged before the call.
 * @throws not_found when `ledger` names none of the caller's
 */
export async function readLedgers<T>(
  grant: Grant,
  ledgerName: string | undefined,
  context: ReadContext,
  use: (client: Client, opened: OpenLedger[]) => Promise<T>,
): Promise<T> {
  const ledgers = ledgersFor(grant, ledgerName);
  const scope = rowAccessOf(grant, ledgers);
  const sizes = await peekSizes(context.database, scope.ledgers);
  return openLedgers(ledgers, { scope, sizes, context }, use);
}

/** Opens ledgers whose sizes are known. The read sees at least this many entries of each. */
export async function openLedgers<T>(
  ledgers: readonly Ledger[],
  options: {
    scope: RowAccess;
    sizes: ReadonlyMap<number, number>;
    context: Pick<ReadContext, 'database' | 'postings'>;
  },
  use: (client: Client, opened: OpenLedger[]) => Promise<T>,
): Promise<T> {
  const { scope, sizes, context } = options;
  const pinned: Span[][] = [];
  for (const ledger of ledgers)
    pinned.push(await context.postings.advance(ledger, sizes.get(ledger.id) ?? 0));
  return context.database.read(scope, async (client) => {
    const opened: OpenLedger[] = [];
    for (const [position, ledger] of ledgers.entries()) {
      const spans = await context.postings.open(client, ledger, pinned[position] ?? []);
      opened.push({ ledger, spans });
    }
    return use(client, opened);
  });
}

/** How many entries each of the ledgers has. */
export async function peekSizes(
  database: Database,
  ledgers: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const heads = await database.heads(ledgers);
  return new Map([...heads].map(([ledger, { size }]) => [ledger, size]));
}

/** How many stored spans are read at a time. First only a few, because the newest entries are mostly enough. */
const waveSizes = [4, 16, 64];

/**
 * Matching entries span by span, the newest (or oldest) spans first. `bound` is the time of the newest (or oldest) entry
 * that a later wave can hold.
 */
export async function* hitsOf(
  opened: readonly OpenLedger[],
  options: { condition: Condition; order: Order },
): AsyncGenerator<{
  hits: Hit[];
  /** No later wave holds an entry newer (or older) than this. */ bound: number;
}> {
  const { condition, order } = options;
  const bounds = timeBounds(condition);
  const keys = [...new Set(keysOf(condition))];
  const overlapping = (span: Span): boolean =>
    span.count > 0 && span.greatestAt >= bounds.from && span.leastAt < bounds.to;
  const edge = (span: Span): number => (order === 'desc' ? -span.greatestAt : span.leastAt);
  const live = opened.flatMap(({ ledger, spans }) =>
    spans.live.filter(overlapping).map((span) => ({ ledger, span, spans })),
  );
  const stored = opened
    .flatMap(({ ledger, spans }) => spans.stored.filter(overlapping).map((span) => ({ ledger, span, spans })))
    .sort((a, b) => edge(a.span) - edge(b.span));
  const unbounded = order === 'desc' ? -Infinity : Infinity;
  const boundAt = (next: number): number => {
    const span = stored[next]?.span;
    return span ? (order === 'desc' ? span.greatestAt : span.leastAt) : unbounded;
  };
  const first: Hit[] = [];
  for (const { ledger, span, spans } of live) {
    const matching = await evaluate(condition, span, byKey(keys, await span.lookup(keys)));
    first.push({ ledger, span, set: await spans.remaining(span, matching) });
  }
  yield { hits: first, bound: boundAt(0) };
  for (let start = 0, wave = 0; start < stored.length; wave++) {
    const end = start + (waveSizes[wave] ?? 1_000);
    yield { hits: await evaluateStored(stored.slice(start, end), { keys, condition }), bound: boundAt(end) };
    start = end;
  }
}

async function evaluateStored(
  wave: readonly { ledger: Ledger; span: StoredSpan; spans: SpanSet }[],
  options: { keys: readonly string[]; condition: Condition },
): Promise<Hit[]> {
  const hits: Hit[] = [];
  const groups = new Map<SpanSet, { ledger: Ledger; span: StoredSpan }[]>();
  for (const member of wave) groups.set(member.spans, [...(groups.get(member.spans) ?? []), member]);
  for (const [spans, members] of groups) {
    const sets =
      options.keys.length === 0
        ? []
        : await spans.lookupStored(
            members.map(({ span }) => span),
            options.keys,
          );
    for (const [position, { ledger, span }] of members.entries()) {
      const matching = await evaluate(options.condition, span, byKey(options.keys, sets[position] ?? []));
      hits.push({ ledger, span, set: await spans.remaining(span, matching) });
    }
  }
  return hits;
}

function byKey(keys: readonly string[], sets: readonly RankSet[]): ReadonlyMap<string, RankSet> {
  const setOfKey = new Map<string, RankSet>();
  keys.forEach((key, position) => {
    const set = sets[position];
    if (set) setOfKey.set(key, set);
  });
  return setOfKey;
}

/** Entries at places, in the order of the places. An entry that has been purged in the meantime is left out. */
export async function viewsAt(
  client: Client,
  places: readonly Place[],
  context: ReadContext,
): Promise<EntryView[]> {
  const byLedger = Map.groupBy(places, ({ ledger }) => ledger);
  const views = new Map<string, EntryView>();
  for (const [ledger, members] of byLedger) {
    const indexes = members.map(({ index }) => index);
    const entries = await readEntries(client, ledger.id, indexes);
    const options = {
      persons: context.ledgers.persons(ledger.tenant),
      tenantKeys: context.ledgers.tenantKeys(ledger.tenant),
      turns: context.turns,
    };
    for (const view of await eventViews(client, [...entries.values()], options))
      views.set(`${ledger.id}/${view.index}`, view);
  }
  return places
    .map((place) => views.get(`${place.ledger.id}/${place.index}`))
    .filter((view) => view !== undefined);
}
