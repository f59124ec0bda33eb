import { ledgerFor, ledgersFor, rowAccessOf, type Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { EntryView } from '../ledger/index.ts';
import { keyOf, termsOf } from '../query/index.ts';
import type { Client } from '../storage/index.ts';
import { allOf, matches, type Condition } from '../query/index.ts';
import { reachCondition } from './granted-condition.ts';
import { readLedgers, viewsAt, type ReadContext } from './reader.ts';
import type { Place } from './place.ts';
import { countMatches, findPlaces } from './search.ts';

/** The entry of an id, in whichever of the caller's ledgers it is. @throws not_found */
export async function getEntry(grant: Grant, id: string, context: ReadContext): Promise<EntryView> {
  return context.database.read(rowAccessOf(grant), async (client) => {
    const place = await findEntry(client, grant, id);
    const view = await reachedView(client, place, { grant, context });
    if (!view) throw noEvent(id);
    return view;
  });
}

/** The entry at a place, unless it is another's and the grant reaches its own only. */
export async function reachedView(
  client: Client,
  place: Place,
  options: { grant: Grant; context: ReadContext },
): Promise<EntryView | undefined> {
  const { grant, context } = options;
  const [view] = await viewsAt(client, [place], context);
  if (!view) return undefined;
  const { searchToken } = context.ledgers.tenantKeys(place.ledger.tenant);
  const terms = termsOf(view, searchToken);
  const condition = reachCondition(grant, context);
  return matches(condition, { event: view.event, at: place.at, terms }) ? view : undefined;
}

/** The entry at an index of one of the caller's ledgers. @throws not_found */
export async function entryAt(
  grant: Grant,
  place: { ledger: string; index: number },
  context: ReadContext,
): Promise<EntryView> {
  const ledger = ledgerFor(grant, place.ledger);
  return context.database.read(rowAccessOf(grant, [ledger]), async (client) => {
    // Views are found by ledger and index; the time is only for sorting.
    const view = Number.isSafeInteger(place.index)
      ? await reachedView(client, { at: 0, ledger, index: place.index }, { grant, context })
      : undefined;
    if (!view) throw new AuditError('not_found', { detail: `there is no entry ${place.index}` });
    return view;
  });
}

/** @throws not_found, also for what another tenant has */
export async function findEntry(client: Client, grant: Grant, id: string): Promise<Place> {
  const found = isUuid(id)
    ? await client.query<{ ledger: number; index: number; at: number }>({
        name: 'entry-by-id',
        text: `select e.ledger, e.index, e.at from segment_range r join segment g on g.number = r.segment
         cross join lateral (select ledger, index, at from entry where retention_class = g.retention_class
           and segment = r.segment and ledger = r.ledger and id = $2 limit 1) e
         where r.ledger = any($1::integer[]) and r.least_id <= $2 and r.greatest_id >= $2 limit 1`,
        values: [grant.ledgers.map((ledger) => ledger.id), id.toLowerCase()],
      })
    : undefined;
  const row = found?.rows[0];
  const ledger = row && grant.ledgers.find((one) => one.id === row.ledger);
  if (!row || !ledger) throw noEvent(id);
  return { at: row.at, ledger, index: row.index };
}

/** The same words for what is not there and for what is another's. */
export function noEvent(id: string): AuditError {
  return new AuditError('not_found', { parameter: 'id', detail: `there is no event ${id.slice(0, 64)}` });
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

export interface RelatedAnswer {
  /** By what they are related: same correlation, session or primary target; absent where the event has none. */
  correlation?: RelatedEntries;
  session?: RelatedEntries;
  target?: RelatedEntries;
}

export interface RelatedEntries {
  count: number;
  /** Oldest first, the event itself among them; at most `limit`. */
  entries: EntryView[];
}

/** Other events of the same correlation, session and target. @throws not_found */
export async function related(
  grant: Grant,
  id: string,
  options: { limit: number; context: ReadContext },
): Promise<RelatedAnswer> {
  const { context, limit } = options;
  const { event, ledger } = await getEntry(grant, id, context);
  const { searchToken: token, hiddenSession } = context.ledgers.tenantKeys(grant.tenant.id);
  const target = event.targets?.[0];
  const { correlationId, sessionId } = event;
  const keys: Record<keyof RelatedAnswer, string[]> = {
    correlation: correlationId === undefined ? [] : [keyOf('correlationId', correlationId, token)],
    // What was stored before session ids were secrets has them as they came.
    session: [sessionId, sessionId && hiddenSession(sessionId)].flatMap((id) =>
      id ? [keyOf('sessionId', id, token)] : [],
    ),
    target: target ? [keyOf('target', `${target.type}/${target.id}`, token)] : [],
  };
  const audited = ledgersFor(grant, undefined).some((one) => one.name === ledger) ? undefined : ledger;
  return readLedgers(grant, audited, context, async (client, opened) => {
    const answer: RelatedAnswer = {};
    for (const name of ['correlation', 'session', 'target'] as const) {
      if (keys[name].length === 0) continue;
      const condition: Condition = allOf([
        { kind: 'keys', keys: keys[name] },
        reachCondition(grant, context),
      ]);
      const { places } = await findPlaces(client, opened, {
        condition,
        order: 'asc',
        limit,
        after: undefined,
        context,
      });
      const { count } = await countMatches(client, opened, condition, context);
      answer[name] = { count, entries: await viewsAt(client, places, context) };
    }
    return answer;
  });
}
