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
    const { view } = await findEntry(client, id, { grant, context });
    return view;
  });
}

/** The entry at a place. Undefined when it was removed, or when the grant does not reach it. */
export async function reachedView(
  client: Client,
  place: Place,
  options: { grant: Grant; context: ReadContext },
): Promise<EntryView | undefined> {
  const { grant, context } = options;
  const [view] = await viewsAt(client, [place], context);
  return view && reaches(view, place, { grant, context }) ? view : undefined;
}

function reaches(
  view: EntryView,
  place: Place,
  { grant, context }: { grant: Grant; context: ReadContext },
): boolean {
  const { searchToken } = context.ledgers.tenantKeys(place.ledger.tenant);
  const terms = termsOf(view, searchToken);
  return matches(reachCondition(grant, context), { event: view.event, at: place.at, terms });
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

/**
 * The entry of an id, and where it is. The table of ids only says where to look: the entry itself must have the id.
 * @throws not_found, also when the entry belongs to another tenant or the grant does not reach it; evidence_differs
 */
export async function findEntry(
  client: Client,
  id: string,
  options: { grant: Grant; context: ReadContext },
): Promise<{ place: Place; view: EntryView }> {
  const { grant, context } = options;
  const place = await placeOfId(client, grant, id);
  const [view] = await viewsAt(client, [place], context);
  if (view && view.id !== id.toLowerCase()) {
    const operatorText = `ledger ${place.ledger.name}: its table of ids says that ${id} is entry ${place.index}, which is ${view.id}`;
    throw new AuditError('evidence_differs', { operatorText });
  }
  if (!view || !reaches(view, place, options)) throw noEvent(id);
  return { place, view };
}

async function placeOfId(client: Client, grant: Grant, id: string): Promise<Place> {
  const result = isUuid(id)
    ? await client.query<{ ledger: number; index: number; at: number }>({
        name: 'entry-by-id',
        text: `select e.ledger, e.index, e.at from segment_range r join segment g on g.number = r.segment
         cross join lateral (select ledger, index, at from entry where retention_class = g.retention_class
           and segment = r.segment and ledger = r.ledger and id = $2 limit 1) e
         where r.ledger = any($1::integer[]) and r.least_id <= $2 and r.greatest_id >= $2 limit 1`,
        values: [grant.ledgers.map((ledger) => ledger.id), id.toLowerCase()],
      })
    : undefined;
  const row = result?.rows[0];
  const ledger = row && grant.ledgers.find((candidate) => candidate.id === row.ledger);
  if (!row || !ledger) throw noEvent(id);
  return { at: row.at, ledger, index: row.index };
}

/**
 * The error has the same text for an entry that does not exist and for an entry of another person, so callers do not learn
 * which entries exist.
 */
export function noEvent(id: string): AuditError {
  return new AuditError('not_found', { parameter: 'id', detail: `there is no event ${id.slice(0, 64)}` });
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

export interface RelatedAnswer {
  /** Entries with the same correlation, session or primary target. A member is absent when the event has no such value. */
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
    // Entries that were stored before session ids became secrets contain the id as the host sent it.
    session: [sessionId, sessionId && hiddenSession(sessionId)].flatMap((id) =>
      id ? [keyOf('sessionId', id, token)] : [],
    ),
    target: target ? [keyOf('target', `${target.type}/${target.id}`, token)] : [],
  };
  // A read without a ledger name leaves the tenant's audit ledger out, so an event of that ledger names it.
  const ledgerName = ledgersFor(grant, undefined).some(({ name }) => name === ledger) ? undefined : ledger;
  return readLedgers(grant, ledgerName, context, async (client, opened) => {
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
