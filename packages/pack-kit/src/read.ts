import type { EventInput, JsonObject } from '@bitacora/event';

/** The filters of search, by their names in the public API; times are RFC 3339 or bare dates. */
export type Filters = {
  readonly q?: string;
  readonly from?: string;
  readonly to?: string;
  readonly actor?: string;
  readonly action?: string | readonly string[];
  readonly operation?: string | readonly string[];
  /** `type/id`. */
  readonly target?: string;
  readonly outcome?: string | readonly string[];
  readonly level?: string | readonly string[];
  readonly module?: string | readonly string[];
  readonly subject?: string;
  readonly correlationId?: string;
  readonly sessionId?: string;
  readonly ip?: string;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
};

export const readKinds = [
  'search',
  'entry',
  'count',
  'facets',
  'histogram',
  'sessions',
  'session.close',
  'directory',
  'report',
  'export',
  'append',
] as const;
export type ReadKind = (typeof readKinds)[number];

type Paging = { readonly limit?: number; readonly offset?: number; readonly cursor?: string };

/** What a route may ask of the core, which runs it under the caller's grant. */
export type Read =
  | ({
      readonly read: 'search';
      readonly filters?: Filters;
      readonly order?: 'asc' | 'desc';
      readonly count?: boolean;
    } & Paging)
  /** By the event's `id`, or by its place in the pack's ledger. */
  | { readonly read: 'entry'; readonly id?: string; readonly index?: number }
  | { readonly read: 'count'; readonly filters?: Filters }
  | {
      readonly read: 'facets';
      readonly fields: readonly string[];
      readonly filters?: Filters;
      readonly limit?: number;
    }
  | {
      readonly read: 'histogram';
      readonly interval: 'hour' | 'day';
      readonly by?: string;
      readonly filters?: Filters;
    }
  | ({ readonly read: 'sessions'; readonly actor?: string; readonly active?: boolean } & Paging)
  | { readonly read: 'session.close'; readonly id: string }
  | { readonly read: 'directory'; readonly type: string; readonly id?: string }
  | { readonly read: 'report'; readonly name: string; readonly params?: JsonObject }
  | { readonly read: 'export'; readonly format: 'csv' | 'json' | 'xlsx' | 'pdf'; readonly filters?: Filters }
  | { readonly read: 'append'; readonly event: EventInput };

/** Name → read; the answers come back under the same names. */
export type Plan = Readonly<Record<string, Read>>;
