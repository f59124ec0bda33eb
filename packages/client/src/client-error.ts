/** The members of `application/problem+json` (RFC 9457) that the server sends. */
export interface Problem {
  readonly type?: string;
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  /** The query parameter or field that is wrong. */
  readonly parameter?: string;
  /** The position of the error in it; the first character of a query is 1. */
  readonly position?: number;
}

/**
 * The error of a request that did not succeed. `status` is 0 when no answer came (`cause` says why). `retryAfterMs` is set
 * when the server said how long to wait. `body` is the parsed answer, for endpoints that answer more than a problem.
 */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly status: number;
  readonly problem: Problem;
  readonly retryAfterMs: number | undefined;
  readonly body: unknown;

  constructor(
    status: number,
    message: string,
    more: {
      readonly problem?: Problem;
      readonly retryAfterMs?: number | undefined;
      readonly body?: unknown;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.status = status;
    this.problem = more.problem ?? {};
    this.retryAfterMs = more.retryAfterMs;
    this.body = more.body;
  }
}
