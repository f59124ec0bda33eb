import { z } from 'zod';
import { AuditError } from '../audit-error.ts';
import {
  facetLimits,
  facets,
  getEntry,
  histogram,
  pageLimits,
  proof,
  related,
  search,
  type ListedEntry,
  type ReadContext,
} from '../read/index.ts';
import { filterParameters, type Filters } from '../query/index.ts';
import { storeCall } from './store-call.ts';
import type { StoreOptions } from '../ingest/index.ts';
import { createMemberTexts, JsonText } from '../http/index.ts';
import { queryShapes } from '../http/index.ts';
import type { Route } from '../http/index.ts';
import { streamTail } from './stream-tail.ts';

const json = 'application/json; charset=utf-8';
const { text, flag, wholeNumber } = queryShapes;

const filterShape = {
  q: z.string().max(2_000).optional(),
  from: text.optional(),
  to: text.optional(),
  ...Object.fromEntries(filterParameters.map((name) => [name, text.optional()])),
  ledger: text.optional(),
};

export const entryView = z.object({
  index: z.int(),
  id: z.string(),
  ledger: z.string(),
  ingestedAt: z.string(),
  event: z.record(z.string(), z.unknown()),
  altered: z.array(z.string()).optional(),
});
const entryPage = z.object({
  entries: z.array(entryView),
  next: z.string().nullable(),
  previous: z.string().nullable(),
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

/** Everything under /v1/events and what is counted over events. */
export function eventRoutes(options: EventRouteOptions): Route[] {
  const { context } = options;
  const entriesText = createMemberTexts<ListedEntry>(shown, context.turns);
  return [
    {
      method: 'POST',
      path: '/v1/events',
      summary: 'Store events: one, an array, or NDJSON; answers after the commit',
      scope: 'ingest',
      query: z.object({ ledger: text.optional(), imported: flag.optional() }),
      body: 'events',
      answer: { status: 201, mediaType: json, schema: ingestAnswer },
      handle: (call) => storeCall(call, options),
    },
    {
      method: 'GET',
      path: '/v1/events',
      summary: 'Search entries, newest first',
      scope: 'read',
      record: { action: 'entry.search' },
      query: z.object({
        ...filterShape,
        limit: wholeNumber(pageLimits.max).optional(),
        cursor: text.optional(),
        order: z.enum(['asc', 'desc']).optional(),
        count: flag.optional(),
      }),
      answer: { status: 200, mediaType: json, schema: entryPage },
      async handle({ grant, query }) {
        const input = query as { limit?: number; cursor?: string; order?: 'asc' | 'desc'; count?: boolean };
        const answer = await search(
          grant,
          { ...filtersOf(query), ...input, ledger: textOf(query['ledger']) },
          context,
        );
        const { entries, ...page } = answer;
        return new JsonText(`{"entries":${await entriesText(entries)},${JSON.stringify(page).slice(1)}`);
      },
    },
    {
      method: 'GET',
      path: '/v1/events/{id}',
      summary: 'One event',
      scope: 'read',
      record: { action: 'entry.view' },
      answer: { status: 200, mediaType: json, schema: entryView },
      handle: async ({ grant, params }) => shown(await getEntry(grant, params['id'] ?? '', context)),
    },
    {
      method: 'GET',
      path: '/v1/events/{id}/related',
      summary: 'Events of the same correlation, session and target, oldest first',
      scope: 'read',
      record: { action: 'entry.view' },
      query: z.object({ limit: wholeNumber(pageLimits.max).optional() }),
      answer: {
        status: 200,
        mediaType: json,
        schema: z.object({ correlation: relatedEntries, session: relatedEntries, target: relatedEntries }),
      },
      async handle({ grant, params, query }) {
        const limit = typeof query['limit'] === 'number' ? query['limit'] : pageLimits.default;
        const found = await related(grant, params['id'] ?? '', { limit, context });
        return Object.fromEntries(
          Object.entries(found).map(([name, part]) => [name, { ...part, entries: part.entries.map(shown) }]),
        );
      },
    },
    {
      method: 'GET',
      path: '/v1/events/{id}/proof',
      summary: 'Inclusion proof as a C2SP tlog-proof file',
      scope: 'read',
      record: { action: 'proof.download', each: true },
      answer: { status: 200, mediaType: 'text/plain; charset=utf-8' },
      handle: ({ grant, params }) => proof(grant, params['id'] ?? '', context),
    },
    {
      method: 'GET',
      path: '/v1/facets',
      summary: 'How often each value of some fields occurs',
      scope: 'read',
      record: { action: 'entry.count' },
      query: z.object({ ...filterShape, fields: text, limit: wholeNumber(facetLimits.valuesMax).optional() }),
      answer: {
        status: 200,
        mediaType: json,
        schema: z.object({
          facets: z.record(z.string(), z.array(z.object({ value: z.string(), count: z.int() }))),
          exact: z.boolean(),
        }),
      },
      async handle({ grant, query }) {
        const names = fieldNames(textOf(query['fields']) ?? '');
        const limit = typeof query['limit'] === 'number' ? query['limit'] : undefined;
        return facets(grant, { ...filtersOf(query), names, limit, ledger: textOf(query['ledger']) }, context);
      },
    },
    {
      method: 'GET',
      path: '/v1/histogram',
      summary: 'Counts per hour or day',
      scope: 'read',
      record: { action: 'entry.count' },
      query: z.object({ ...filterShape, interval: z.enum(['hour', 'day']), by: text.optional() }),
      answer: {
        status: 200,
        mediaType: json,
        schema: z.object({
          buckets: z.array(
            z.object({ from: z.string(), count: z.int(), by: z.record(z.string(), z.int()).optional() }),
          ),
          exact: z.boolean(),
        }),
      },
      handle: ({ grant, query }) =>
        histogram(
          grant,
          {
            ...filtersOf(query),
            interval: query['interval'] === 'hour' ? 'hour' : 'day',
            by: textOf(query['by']),
            ledger: textOf(query['ledger']),
          },
          context,
        ),
    },
    {
      method: 'GET',
      path: '/v1/tail',
      summary: 'Entries as they are acknowledged (server-sent events); Last-Event-ID resumes without a gap',
      scope: 'read',
      record: { action: 'entry.follow' },
      query: z.object(filterShape),
      answer: { status: 200, mediaType: 'text/event-stream', schema: entryView },
      handle: (call) =>
        streamTail(
          call,
          { ...filtersOf(call.query), ledger: textOf(call.query['ledger']) },
          { context, shown },
        ),
    },
  ];
}

function filtersOf(query: Readonly<Record<string, unknown>>): Filters {
  const fields = Object.fromEntries(filterParameters.map((name) => [name, textOf(query[name])]));
  return { q: textOf(query['q']), from: textOf(query['from']), to: textOf(query['to']), fields };
}

/** `a,b,attributes.x`; a comma inside quotation marks belongs to the name. */
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

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function shown(view: ListedEntry): z.infer<typeof entryView> {
  const { index, id, ledger, ingestedAt, event, altered } = view;
  return {
    index,
    id,
    ledger,
    ingestedAt,
    event: event as Record<string, unknown>,
    ...(altered ? { altered: [...altered] } : {}),
  };
}
