import type { AnswerOf, Answers, EntryAnswer, Filters, Plan, Read, ReadOf } from '@bitacora/pack-kit';
import { recordsOf, type Directory, type Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { EntryView } from '../ledger/index.ts';
import type { EntryFilters } from '../query/index.ts';
import {
  distinctValues,
  entryAt,
  facets,
  getEntry,
  histogram,
  pageLimits,
  search,
  searchByDuration,
  shownEntry,
  topValues,
} from '../read/index.ts';
import {
  concurrentSessions,
  session,
  sessionLimits,
  sessionPatterns,
  sessions,
  type SessionContext,
  type SessionView,
} from '../sessions/index.ts';

/** A pack may split counts by many actions. With more values than this, the answer would be too large for a table. */
const splitValuesMax = 1_000;

export interface PlanContext {
  readonly read: SessionContext;
  readonly directory: Directory;
  /** The pack's actions: its lists and totals hold no other events. */
  readonly actions: readonly string[];
  /** The ledger of the pack's events. */
  readonly ledger: string;
  /** Stores an event through ingest and returns its entry. */
  readonly append: (event: unknown) => Promise<EntryView>;
  /** Closes a session that the grant reaches, with an event. Returns the session after the change. */
  readonly closeSession: (open: SessionView, reason: string | undefined) => Promise<SessionView>;
}

/** Runs the reads of a pack's plan under the caller's grant. The answers have the shape of the public API's bodies. */
export async function runPlan(grant: Grant, plan: Plan, context: PlanContext): Promise<Answers> {
  const answers: Record<string, AnswerOf<Read>> = {};
  for (const [name, read] of Object.entries(plan)) answers[name] = await run(grant, read, context);
  return answers;
}

async function run(grant: Grant, read: Read, context: PlanContext): Promise<AnswerOf<Read>> {
  switch (read.read) {
    case 'search':
      return searchPage(grant, read, context);
    case 'entry':
      return ownEntry(await entryOf(grant, read, context), context);
    case 'count': {
      const { count, exact } = await search(
        grant,
        { ...filtersOf(read.filters, context), limit: 1, count: true },
        context.read,
      );
      return { count: count ?? 0, exact: exact ?? false };
    }
    case 'facets':
      return facets(
        grant,
        { ...filtersOf(read.filters, context), names: read.fields, limit: read.limit },
        context.read,
      );
    case 'histogram':
      return perInterval(grant, read, context);
    case 'directory':
      return directoryRecord(grant, read, context);
    case 'append':
      return shownEntry(await context.append(read.event));
    case 'top': {
      const { values, exact } = await topValues(
        grant,
        { ...filtersOf(read.filters, context), field: read.field, limit: read.limit },
        context.read,
      );
      return { values: values.map(({ count, entry }) => ({ count, entry: shownEntry(entry) })), exact };
    }
    case 'sessions':
      return sessions(
        grant,
        {
          ...read,
          ledger: context.ledger,
          limit: Math.min(read.limit ?? sessionLimits.default, sessionLimits.max),
        },
        context.read,
      );
    case 'session':
      return session(grant, { ledger: context.ledger, index: read.index }, context.read);
    case 'session.close': {
      const open = await session(grant, { ledger: context.ledger, index: read.index }, context.read);
      return context.closeSession(open, read.reason);
    }
    case 'sessions.concurrent':
      return concurrentSessions(grant, { actor: read.actor, ledger: context.ledger }, context.read);
    case 'sessions.patterns':
      return sessionPatterns(grant, { ...read, ledger: context.ledger }, context.read);
    // Rendering a report (planned).
    case 'report':
    case 'export':
      throw new AuditError('internal', { operatorText: `packs cannot ask for ${read.read} yet` });
  }
}

function entryOf(grant: Grant, read: ReadOf<'entry'>, context: PlanContext): Promise<EntryView> {
  return read.id === undefined
    ? entryAt(grant, { ledger: context.ledger, index: read.index ?? -1 }, context.read)
    : getEntry(grant, read.id, context.read);
}

/** The entry, if its action is one of the pack. An entry of another pack is not found through this pack. */
function ownEntry(view: EntryView, { actions }: PlanContext): EntryAnswer {
  if (!actions.includes(view.event.action)) throw new AuditError('not_found');
  return shownEntry(view);
}

async function searchPage(
  grant: Grant,
  read: ReadOf<'search'>,
  context: PlanContext,
): Promise<AnswerOf<ReadOf<'search'>>> {
  const limit = Math.min(read.limit ?? pageLimits.default, pageLimits.max);
  const input = {
    ...filtersOf(read.filters, context),
    ...read,
    limit,
    fields: fieldsOf(read.filters, context),
  };
  const { entries, ...page } =
    read.orderBy === 'durationMs'
      ? await searchByDuration(grant, input, context.read)
      : await search(grant, input, context.read);
  return { ...page, entries: entries.map(shownEntry) };
}

async function perInterval(
  grant: Grant,
  { filters, interval, by, distinct }: ReadOf<'histogram'>,
  context: PlanContext,
): Promise<AnswerOf<ReadOf<'histogram'>>> {
  const input = { ...filtersOf(filters, context), interval };
  if (distinct !== undefined) return distinctValues(grant, { ...input, distinct }, context.read);
  return histogram(grant, { ...input, by, valuesMax: splitValuesMax }, context.read);
}

/** The filters of a pack's read, within its own events. */
export function filtersOf(
  filters: Filters | undefined,
  context: Pick<PlanContext, 'actions' | 'ledger'>,
): EntryFilters & { ledger: string } {
  const { q, from, to } = filters ?? {};
  return { q, from, to, fields: fieldsOf(filters, context), ledger: context.ledger };
}

function fieldsOf(
  filters: Filters | undefined,
  { actions }: Pick<PlanContext, 'actions'>,
): EntryFilters['fields'] {
  const { q: _q, from: _from, to: _to, attributes = {}, ...named } = filters ?? {};
  const fields: Record<string, string | readonly string[] | undefined> = { action: actions, ...named };
  for (const [name, value] of Object.entries(attributes)) fields[`attributes.${name}`] = [String(value)];
  return fields;
}

async function directoryRecord(
  grant: Grant,
  read: ReadOf<'directory'>,
  { directory }: PlanContext,
): Promise<AnswerOf<ReadOf<'directory'>>> {
  const { type, id } = read;
  // The directory is the tenant's: a caller that is limited to some ledgers sees nothing of it.
  const records = grant.ledgerNames === null ? recordsOf(grant.reach) : [];
  if (id === undefined) return directory.list(grant.tenant.id, type, records);
  return (await directory.get(grant.tenant.id, { type, id }, records)) ?? null;
}
