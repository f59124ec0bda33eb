import type { EventInput } from '@bitacora/event';
import { appendEvents, type AppendOptions } from './append-events.ts';
import type { AppendAnswer } from './append-answer.ts';
import type { Entry } from './entry.ts';
import type { EventFilter } from './event-filter.ts';
import { tail, type TailedEntry, type TailOptions } from './tail.ts';
import type { Transport } from './transport.ts';

export interface SearchOptions {
  readonly limit?: number;
  /** `next` or `previous` of an earlier answer. */
  readonly cursor?: string;
  /** By `at`; newest first unless `asc`. */
  readonly order?: 'asc' | 'desc';
  readonly count?: boolean;
  readonly signal?: AbortSignal;
}

export interface SearchAnswer {
  readonly entries: readonly Entry[];
  readonly next?: string | null;
  readonly previous?: string | null;
  /**
   * The store that the entries were read from: `recent` or `postgres`; `archive` and `mixed` are for cold files (planned).
   */
  readonly source: string;
  readonly count?: number;
  /** False when `count` is an estimate. */
  readonly exact?: boolean;
}

/** Absent when the event has no such id. `count` counts all of them; `entries` has the first of them, oldest first. */
export interface RelatedAnswer {
  readonly correlation?: RelatedEntries;
  readonly session?: RelatedEntries;
  readonly target?: RelatedEntries;
}

export interface RelatedEntries {
  readonly count: number;
  readonly entries: readonly Entry[];
}

export interface FacetsAnswer {
  readonly facets: {
    readonly [field: string]: readonly { readonly value: string; readonly count: number }[];
  };
  /** False when the counts are estimates. */
  readonly exact: boolean;
}

export interface HistogramAnswer {
  readonly buckets: readonly {
    readonly from: string;
    readonly count: number;
    readonly by?: { readonly [value: string]: number };
  }[];
  readonly exact: boolean;
}

/** Functions that read and write events. Each rejects with `ClientError` when the server refuses. */
export interface EventsApi {
  /**
   * Sends events in one request. The answer has one result per event, in order; it also resolves when all of them were
   * rejected (422) and when one conflicts (409), because `results` says so. Rejects when the request itself is refused.
   */
  append(events: EventInput | readonly EventInput[], options?: AppendOptions): Promise<AppendAnswer>;
  search(filter?: EventFilter, options?: SearchOptions): Promise<SearchAnswer>;
  /** Page after page until the last; `limit` is the page's size. */
  pages(filter?: EventFilter, options?: SearchOptions): AsyncGenerator<SearchAnswer, void>;
  get(id: string, options?: { readonly ledger?: string }): Promise<Entry>;
  /** The events of the same correlation, session or target. */
  related(id: string, options?: { readonly limit?: number }): Promise<RelatedAnswer>;
  /** A C2SP tlog-proof file. */
  proof(id: string): Promise<string>;
  facets(
    fields: readonly string[],
    filter?: EventFilter,
    options?: { readonly limit?: number },
  ): Promise<FacetsAnswer>;
  histogram(
    interval: 'hour' | 'day',
    filter?: EventFilter,
    options?: { readonly by?: string },
  ): Promise<HistogramAnswer>;
  /** New entries as they come, without end. It reconnects by itself and resumes after the last entry received. */
  tail(filter?: EventFilter, options?: TailOptions): AsyncGenerator<TailedEntry, void>;
}

export function createEventsApi(transport: Transport): EventsApi {
  const search: EventsApi['search'] = (filter = {}, { signal, ...options } = {}) =>
    transport.json('GET', '/v1/events', { query: { ...filter, ...options }, signal });
  const of = (id: string): string => `/v1/events/${encodeURIComponent(id)}`;
  return {
    append: (events, options) => appendEvents(transport, events, options),
    search,
    async *pages(filter, options = {}) {
      let cursor = options.cursor;
      for (;;) {
        const page = await search(filter, cursor === undefined ? options : { ...options, cursor });
        yield page;
        if (typeof page.next !== 'string') return;
        cursor = page.next;
      }
    },
    get: (id, options = {}) => transport.json('GET', of(id), { query: { ...options } }),
    related: (id, options = {}) => transport.json('GET', `${of(id)}/related`, { query: { ...options } }),
    async proof(id) {
      const response = await transport.send('GET', `${of(id)}/proof`);
      return response.text();
    },
    facets: (fields, filter = {}, options = {}) =>
      transport.json('GET', '/v1/facets', { query: { ...filter, ...options, fields: fields.join(',') } }),
    histogram: (interval, filter = {}, options = {}) =>
      transport.json('GET', '/v1/histogram', { query: { ...filter, ...options, interval } }),
    tail: (filter = {}, options = {}) => tail(transport, filter, options),
  };
}
