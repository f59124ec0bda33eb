import { z } from 'zod';
import { AuditError } from '../audit-error.ts';
import {
  createMemberTexts,
  defineRoute,
  jsonAnswer,
  JsonText,
  queryShapes,
  replyWithRefusal,
  type Route,
} from '../http/index.ts';
import { readBody, refusalOf, storeEvents, writableLedger, type StoreOptions } from '../ingest/index.ts';
import { filterParameters, type EntryFilters } from '../query/index.ts';
import {
  facetLimits,
  facets,
  getEntry,
  histogram,
  pageLimits,
  proof,
  related,
  search,
  shownEntry,
  type ListedEntry,
  type ReadContext,
} from '../read/index.ts';
import { entryView, eventInput } from './event-schema.ts';
import { streamTail } from './stream-tail.ts';

const { text, flag, wholeNumber } = queryShapes;

const filterShape = {
  q: z.string().max(2_000).optional(),
  from: text.optional(),
  to: text.optional(),
  ...filterParameterShape(),
  ledger: text.optional(),
};
const filterQuery = z.object(filterShape);
type FilterQuery = z.output<typeof filterQuery>;

const idParams = z.object({ id: z.string() });
const entryPage = z.object({
  entries: z.array(entryView),
  next: z.string().nullable(),
  previous: z.string().nullable(),
  // 'archive' and 'mixed' are for pages from cold files (planned).
  source: z.enum(['recent', 'postgres', 'archive', 'mixed']),
  count: z.int().optional(),
  exact: z.boolean().optional(),
});
const ingestAnswer = z.object({
  accepted: z.int(),
  duplicates: z.int(),
  rejected: z.int(),
  results: z.array(z.record(z.string(), z.unknown())),
});
const relatedEntries = z.object({ count: z.int(), entries: z.array(entryView) }).optional();

interface EventRouteOptions extends StoreOptions {
  context: ReadContext;
}

/** The routes under /v1/events, and those that count or follow events. */
export function eventRoutes(options: EventRouteOptions): Route[] {
  const { context } = options;
  return [
    storeRoute(options),
    searchRoute(context),
    entryRoute(context),
    relatedRoute(context),
    proofRoute(context),
    facetsRoute(context),
    histogramRoute(context),
    tailRoute(context),
  ];
}

function storeRoute(options: StoreOptions): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/events',
    summary: 'Store events: one, an array, or NDJSON; answers after the commit',
    permission: 'ingest',
    idempotent: true,
    query: z.object({ ledger: text.optional(), imported: flag.optional() }),
    body: { eachEvent: eventInput },
    answer: jsonAnswer(ingestAnswer, 201),
    async handle(call) {
      const { grant, request, query } = call;
      const defaultLedger = writableLedger(grant, query.ledger);
      const events = await readBody({
        bytes: Buffer.isBuffer(call.body) ? call.body : Buffer.alloc(0),
        contentType: request.headers['content-type'],
        contentEncoding: request.headers['content-encoding'],
      });
      const answer = await storeEvents(call, events, {
        defaultLedger,
        packLedgers: query.ledger === undefined,
        imported: query.imported === true,
        options,
      });
      return replyWithRefusal(call, answer, refusalOf(answer));
    },
  });
}

function searchRoute(context: ReadContext): Route {
  const entriesText = createMemberTexts<ListedEntry>(shownEntry, context.turns);
  return defineRoute({
    method: 'GET',
    path: '/v1/events',
    summary: 'Search entries, newest first',
    permission: 'read',
    record: { action: 'entry.search' },
    query: filterQuery.extend({
      limit: wholeNumber(pageLimits.max).optional(),
      cursor: text.optional(),
      order: z.enum(['asc', 'desc']).optional(),
      count: flag.optional(),
    }),
    answer: jsonAnswer(entryPage),
    async handle({ grant, query }) {
      const { limit, cursor, order, count, ledger } = query;
      const input = { ...filtersOf(query), limit, cursor, order, count, ledger };
      const { entries, ...page } = await search(grant, input, context);
      return new JsonText(`{"entries":${await entriesText(entries)},${JSON.stringify(page).slice(1)}`);
    },
  });
}

function entryRoute(context: ReadContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/events/{id}',
    summary: 'One event',
    permission: 'read',
    record: { action: 'entry.view' },
    params: idParams,
    answer: jsonAnswer(entryView),
    handle: async ({ grant, params }) => shownEntry(await getEntry(grant, params.id, context)),
  });
}

function relatedRoute(context: ReadContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/events/{id}/related',
    summary: 'Events of the same correlation, session and target, oldest first',
    permission: 'read',
    record: { action: 'entry.view' },
    params: idParams,
    query: z.object({ limit: wholeNumber(pageLimits.max).optional() }),
    answer: jsonAnswer(
      z.object({ correlation: relatedEntries, session: relatedEntries, target: relatedEntries }),
    ),
    async handle({ grant, params, query }) {
      const limit = query.limit ?? pageLimits.default;
      const answer = await related(grant, params.id, { limit, context });
      return Object.fromEntries(
        Object.entries(answer).map(([name, { count, entries }]) => [
          name,
          { count, entries: entries.map(shownEntry) },
        ]),
      );
    },
  });
}

function proofRoute(context: ReadContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/events/{id}/proof',
    summary: 'Inclusion proof as a C2SP tlog-proof file',
    permission: 'read',
    record: { action: 'proof.download', each: true },
    params: idParams,
    answer: { status: 200, mediaType: 'text/plain; charset=utf-8' },
    handle: ({ grant, params }) => proof(grant, params.id, context),
  });
}

function facetsRoute(context: ReadContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/facets',
    summary: 'How often each value of some fields occurs',
    permission: 'read',
    record: { action: 'entry.count' },
    query: filterQuery.extend({ fields: text, limit: wholeNumber(facetLimits.valuesMax).optional() }),
    answer: jsonAnswer(
      z.object({
        facets: z.record(z.string(), z.array(z.object({ value: z.string(), count: z.int() }))),
        exact: z.boolean(),
      }),
    ),
    async handle({ grant, query }) {
      const { limit, ledger } = query;
      return facets(grant, { ...filtersOf(query), names: fieldNames(query.fields), limit, ledger }, context);
    },
  });
}

function histogramRoute(context: ReadContext): Route {
  const bucket = z.object({
    from: z.string(),
    count: z.int(),
    by: z.record(z.string(), z.int()).optional(),
  });
  return defineRoute({
    method: 'GET',
    path: '/v1/histogram',
    summary: 'Counts per hour or day',
    permission: 'read',
    record: { action: 'entry.count' },
    query: filterQuery.extend({ interval: z.enum(['hour', 'day']), by: text.optional() }),
    answer: jsonAnswer(z.object({ buckets: z.array(bucket), exact: z.boolean() })),
    handle({ grant, query }) {
      const { interval, by, ledger } = query;
      return histogram(grant, { ...filtersOf(query), interval, by, ledger }, context);
    },
  });
}

function tailRoute(context: ReadContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/tail',
    summary: 'Entries as they are acknowledged (server-sent events); Last-Event-ID resumes without a gap',
    permission: 'read',
    record: { action: 'entry.follow' },
    query: filterQuery,
    answer: { status: 200, mediaType: 'text/event-stream', schema: entryView },
    handle: (call) =>
      streamTail(
        call,
        { ...filtersOf(call.query), ledger: call.query.ledger },
        { context, shown: shownEntry },
      ),
  });
}

function filtersOf(query: FilterQuery): EntryFilters {
  const { q, from, to } = query;
  return { q, from, to, fields: Object.fromEntries(filterParameters.map((name) => [name, query[name]])) };
}

type FilterParameter = (typeof filterParameters)[number];

function filterParameterShape(): Record<FilterParameter, z.ZodOptional<typeof text>> {
  const entries = filterParameters.map((name) => [name, text.optional()] as const);
  return Object.fromEntries(entries) as Record<FilterParameter, z.ZodOptional<typeof text>>;
}

/** `a,b,attributes.x`; a comma inside quotation marks belongs to the name. @throws invalid_parameter */
function fieldNames(list: string): string[] {
  const names =
    list
      .match(/(?:"[^"]*"|[^,"])+/g)
      ?.map((name) => name.trim())
      .filter((name) => name !== '') ?? [];
  if (names.length >= 1 && names.length <= facetLimits.fieldsMax) return names;
  throw new AuditError('invalid_parameter', {
    parameter: 'fields',
    detail: `fields must name 1 to ${facetLimits.fieldsMax} fields`,
  });
}
