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
  'top',
  'sessions',
  'session',
  'session.close',
  'sessions.concurrent',
  'sessions.patterns',
  'directory',
  'report',
  'export',
  'append',
] as const;
export type ReadKind = (typeof readKinds)[number];

type Paging = { readonly limit?: number; readonly offset?: number; readonly cursor?: string };

/** A question that a route asks the core. The core answers with what the caller's grant allows. */
export type Read =
  | ({
      readonly read: 'search';
      readonly filters?: Filters;
      readonly order?: 'asc' | 'desc';
      /**
       * Orders by duration instead of time; entries without a duration come last. Works with `offset`, not with `cursor`.
       */
      readonly orderBy?: 'durationMs';
      readonly count?: boolean;
    } & Paging)
  /** One entry, by the event's `id` or by its index in the pack's ledger. */
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
      /**
       * A field. `distinct` of each bucket is the number of different values of this field. Not together with `by`.
       */
      readonly distinct?: string;
      readonly filters?: Filters;
    }
  /**
   * The most frequent values of a field, each with its count and its newest entry. The field may also be `ip`, which `facets`
   * does not have.
   */
  | { readonly read: 'top'; readonly field: string; readonly filters?: Filters; readonly limit?: number }
  | ({
      readonly read: 'sessions';
      readonly actor?: string;
      readonly active?: boolean;
      readonly count?: boolean;
    } & Paging)
  /** One session. `index` is the index, in the pack's ledger, of the event that opened it. */
  | { readonly read: 'session'; readonly index: number }
  /** Closes a session as an administrator. Closing is stored as an event. */
  | { readonly read: 'session.close'; readonly index: number; readonly reason?: string }
  /** All active sessions of the actors that have active sessions from different addresses or user agents. */
  | { readonly read: 'sessions.concurrent'; readonly actor?: string }
  /** How many sessions were opened per hour and weekday in the organisation's time zone, and how long they lasted. */
  | {
      readonly read: 'sessions.patterns';
      readonly actor?: string;
      readonly from?: string;
      readonly to?: string;
    }
  | { readonly read: 'directory'; readonly type: string; readonly id?: string }
  /** Rendering a report (planned): the core refuses this read. */
  | { readonly read: 'report'; readonly name: string; readonly params?: JsonObject }
  /** Streams the `row` that the route makes of each entry. The plan must have no other read. */
  | {
      readonly read: 'export';
      readonly format: 'csv' | 'json';
      readonly name: string;
      readonly filters?: Filters;
    }
  /** Stores an event. */
  | { readonly read: 'append'; readonly event: EventInput };

/** The reads of a route by name. The answers have the same names. */
export type Plan = Readonly<Record<string, Read>>;

/** A plan refuses a request whose parameters are well-formed. `detail` is for the client. */
export type Refused = {
  readonly refused: {
    readonly code: 'forbidden' | 'not_found' | 'invalid_parameter';
    readonly parameter?: string;
    readonly detail: string;
  };
};

/** The read of a kind. */
export type ReadOf<Kind extends ReadKind> = Read & { readonly read: Kind };
