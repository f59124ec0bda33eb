/** Every error this package throws on purpose: HTTP status and the text a caller may see. */
const errors = {
  unauthenticated: { status: 401, title: 'Credentials are missing or not valid' },
  forbidden: { status: 403, title: 'The credentials do not allow this' },
  not_found: { status: 404, title: 'There is nothing here that you may see' },
  conflict: { status: 409, title: 'The same id was stored with another body' },
  already_exists: { status: 409, title: 'That name is taken' },
  invalid_parameter: { status: 400, title: 'A parameter is not valid' },
  invalid_query: { status: 400, title: 'The search query is not valid' },
  malformed_body: { status: 400, title: 'The body cannot be read' },
  incomplete_request: { status: 408, title: 'The request ended before it was complete: send it again' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON or NDJSON, plain or gzip' },
  body_too_large: { status: 413, title: 'The body is too large' },
  not_yet_published: {
    status: 409,
    title: 'The entry is stored but not yet covered by a published checkpoint',
  },
  too_many_requests: { status: 429, title: 'Too much at once: try again later' },
  storage_full: { status: 507, title: 'The server has no space left to store events' },
  unavailable: { status: 503, title: 'Events cannot be stored or read at this moment: try again later' },
  unsafe_database: { status: 503, title: 'The database is not set up to keep evidence' },
  data_directory_locked: { status: 503, title: 'Another server uses this data directory' },
  evidence_differs: {
    status: 500,
    title: 'What is stored contradicts itself: have the ledger verified',
  },
  internal: { status: 500, title: 'The server failed to answer' },
} as const;

export type ErrorCode = keyof typeof errors;

export interface AuditErrorOptions {
  /** Tells the caller what exactly is wrong. */
  detail?: string;
  /** The detail is a pack's own, in the pack's language: no general text of the pack replaces it. */
  detailOfPack?: boolean;
  /** Only for operators: written to the log, never into an answer. */
  operatorText?: string;
  /** The parameter or field at fault. */
  parameter?: string;
  /** 1-based character position in the parameter, when it is a query. */
  position?: number;
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** Thrown for a failure that has a code, an HTTP status and a public text; `operatorText` stays in the log. */
export class AuditError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
  readonly detailOfPack: boolean;
  readonly operatorText: string | undefined;
  readonly parameter: string | undefined;
  readonly position: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: AuditErrorOptions = {}) {
    super(options.operatorText ?? options.detail ?? errors[code].title, { cause: options.cause });
    this.name = 'AuditError';
    this.code = code;
    this.status = errors[code].status;
    this.title = errors[code].title;
    this.detail = options.detail;
    this.detailOfPack = options.detailOfPack ?? false;
    this.operatorText = options.operatorText;
    this.parameter = options.parameter;
    this.position = options.position;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The table itself, for the error reference in docs/. */
export const errorTable: Readonly<Record<ErrorCode, { status: number; title: string }>> = errors;
