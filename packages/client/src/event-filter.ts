/** The filters of search, facets, histogram and tail. An entry must match all of them; dates are RFC 3339 or bare days. */
export interface EventFilter {
  /** The query language: `actor:ana -action:session.* "wire transfer"`. */
  readonly q?: string;
  readonly from?: string;
  /** A bare day includes the whole day. */
  readonly to?: string;
  /** Id, e-mail or name. */
  readonly actor?: string;
  readonly action?: string;
  readonly operation?: string;
  /** `type/id`. */
  readonly target?: string;
  readonly outcome?: string;
  readonly level?: string;
  readonly module?: string;
  readonly subject?: string;
  readonly correlationId?: string;
  readonly sessionId?: string;
  readonly ip?: string;
  readonly ledger?: string;
}
