import type { EventInput, Level, Operation, Target } from '@bitacora/event';

/** `Host` is the framework's own request, which the host's functions get. */
export interface RequestOptions<Host> {
  /** Paths that are not recorded, each with all below it. Absent: `/docs` and `/health`. Events captured inside them keep the context. */
  readonly exclude?: readonly string[];
  /**
   * The proxies that are believed about the client's address: how many stand before this program, or their addresses
   * (`10.0.0.0/8`, `::1`). Absent: none is believed, and the address is the socket's.
   */
  readonly trustedProxies?: number | readonly string[];
  /**
   * The one header that these proxies write. Absent: `x-forwarded-for`. Only one header is ever believed, because a proxy
   * usually passes on what a client writes into other ones. `forwarded` is read by RFC 7239.
   */
  readonly proxyHeader?: string;
  /** The headers in which the correlation id is looked for, in this order; else a new one is made. Absent: `x-request-id`, `x-correlation-id`. */
  readonly correlationHeaders?: readonly string[];
  /**
   * Returns who acts. Called when the request starts, then after the authentication where the framework has a place for that,
   * and at the end, as long as no actor is known. The authentication may call `extendContext({ actor })` instead.
   */
  readonly actorOf?: (request: Host) => ActorInput | null | undefined;
  /** Returns an id of the session. It must not be the cookie itself, because nobody may be able to use the session with it. */
  readonly sessionOf?: (request: Host) => string | null | undefined;
  readonly tenantOf?: (request: Host) => string | null | undefined;
  /** Returns the policy for the requests of a route; `describeRequest` inside a handler adds to it. */
  readonly policyOf?: (request: Host, facts: RouteFacts) => RequestPolicy | undefined;
  /** Keeps the parsed bodies of requests, redacted and bounded. Absent: no body is kept. */
  readonly captureBody?: boolean;
  /** The part of the application, for all events inside. */
  readonly module?: string;
  /** Where people sign in: a success is `session.login`, a failure `session.login_failed`. */
  readonly signIn?: SignInRule<Host> | readonly SignInRule<Host>[];
  /** Where people sign out: `session.logout`. */
  readonly signOut?: SessionRule | readonly SessionRule[];
}

/** The `actor` of an event; an id that is a number becomes a text. */
export type ActorInput = Omit<EventInput['actor'], 'id'> & { readonly id: string | number };

export interface RouteFacts {
  readonly method: string;
  readonly path: string;
  /** The router's pattern, where it is known. */
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
  /** Returns the person who tried to sign in, for failures: `(request) => ({ id: request.body.email })`. */
  readonly actorOf?: (request: Host) => ActorInput | null | undefined;
  /** For pages that answer 200 to a wrong password. Absent: a status below 400 is a success. */
  readonly succeeded?: (request: Host, status: number) => boolean;
}
