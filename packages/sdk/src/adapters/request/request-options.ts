import type { EventInput, Level, Operation, Target } from '@bitacora/event';

/** `Host` is the framework's own request: what the functions of the host are given. */
export interface RequestOptions<Host> {
  /** Paths that are not recorded, each with all below it. Absent: `/docs` and `/health`. Their events keep the context. */
  readonly exclude?: readonly string[];
  /**
   * The proxies whose word about the client's address is taken: how many stand before this program, or their addresses
   * (`10.0.0.0/8`, `::1`). Absent: none, the address is the socket's.
   */
  readonly trustedProxies?: number | readonly string[];
  /**
   * The one header that these proxies write. Absent: `x-forwarded-for`. A proxy usually passes on whatever a client
   * writes into another one, so never is more than one believed. `forwarded` is read by RFC 7239.
   */
  readonly proxyHeader?: string;
  /** Where the correlation id is looked for, in this order; else one is made. Absent: `x-request-id`, `x-correlation-id`. */
  readonly correlationHeaders?: readonly string[];
  /**
   * Who acts. Asked when the request starts, where a framework has a place for it once more behind the authentication, and
   * at the end, as long as nobody is known. `extendContext({ actor })` of the authentication itself is the other way.
   */
  readonly actorOf?: (request: Host) => ActorInput | null | undefined;
  /** An id of the session that does not open it: never the cookie itself. */
  readonly sessionOf?: (request: Host) => string | null | undefined;
  readonly tenantOf?: (request: Host) => string | null | undefined;
  /** What is special about the requests of a route; `describeRequest` inside a handler adds to it. */
  readonly policyOf?: (request: Host, facts: RouteFacts) => RequestPolicy | undefined;
  /** Keeps the parsed bodies of requests, redacted and bounded. Absent: none is kept. */
  readonly captureBody?: boolean;
  /** The part of the application, for all events inside. */
  readonly module?: string;
  /** Where people sign in: a success is `session.login`, a failure `session.login_failed`. */
  readonly signIn?: SignInRule<Host> | readonly SignInRule<Host>[];
  /** Where they sign out: `session.logout`. */
  readonly signOut?: SessionRule | readonly SessionRule[];
}

/** As `actor` of an event; a number as id becomes its text. */
export type ActorInput = Omit<EventInput['actor'], 'id'> & { readonly id: string | number };

export interface RouteFacts {
  readonly method: string;
  readonly path: string;
  /** The router's pattern, where the router told it. */
  readonly route: string | undefined;
  readonly status: number | undefined;
}

export interface RequestPolicy {
  /** False: no event for the request itself. Sessions, denied access and errors are still recorded. */
  readonly record?: boolean;
  readonly captureBody?: boolean;
  /** Instead of `http.request`. */
  readonly action?: string;
  /** Absent: by the method. */
  readonly operation?: Operation;
  readonly level?: Level;
  readonly module?: string;
  /** Absent: the route. */
  readonly target?: Target;
  readonly tags?: readonly string[];
  readonly sensitive?: boolean;
  readonly reviewRequired?: boolean;
}

export interface SessionRule {
  /** The path, or the router's pattern. Capitals and a slash at the end make no difference. */
  readonly path: string;
  /** Absent: `POST`. */
  readonly method?: string;
}

export interface SignInRule<Host> extends SessionRule {
  /** Who tries, for the failures: `(request) => ({ id: request.body.email })`. */
  readonly actorOf?: (request: Host) => ActorInput | null | undefined;
  /** Absent: a status below 400 is a success. For pages that answer 200 to a wrong password. */
  readonly succeeded?: (request: Host, status: number) => boolean;
}
