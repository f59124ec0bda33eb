import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Audit } from '../../audit.ts';
import { createRequestAudit } from '../request/create-request-audit.ts';
import type { StartedRequest } from '../request/started-request.ts';
import type { RoutedRequest } from '../request/express-answer.ts';
import { fromNode } from '../request/incoming-request.ts';
import type { RequestOptions } from '../request/request-options.ts';
import { watchAnswer } from '../request/watch-answer.ts';
import { watchRoute } from './watch-route.ts';

/** The parts of a request of Express 4 and 5 that are read. */
export interface ExpressRequest extends IncomingMessage, RoutedRequest {
  readonly originalUrl: string;
}

type Next = (error?: unknown) => void;

export interface ExpressAudit<Request extends ExpressRequest> {
  (request: Request, response: ServerResponse, next: Next): void;
  /**
   * A middleware to use last. It notes the errors of handlers and passes them on. Without it, the event of a failed request has
   * no error.
   */
  readonly errors: (error: unknown, request: Request, response: ServerResponse, next: Next) => void;
}

/**
 * `const requests = auditRequests(audit); app.use(requests); …; app.use(requests.errors)`: records every request, and gives
 * the events captured inside its actor, client and correlation. TypeError for options that cannot work.
 */
export function auditRequests<Request extends ExpressRequest = ExpressRequest>(
  audit: Audit,
  options: RequestOptions<Request> = {},
): ExpressAudit<Request> {
  const requests = createRequestAudit(audit, options);
  const underWay = new WeakMap<object, StartedRequest>();

  function middleware(request: Request, response: ServerResponse, next: Next): void {
    const started = requests.start(fromNode(request), request);
    if (!underWay.has(request)) underWay.set(request, started);
    watchAnswer(response, started, watchRoute(request));
    started.run(() => next());
  }

  function errors(error: unknown, request: Request, _response: ServerResponse, next: Next): void {
    underWay.get(request)?.fail(error);
    next(error);
  }

  return Object.freeze(Object.assign(middleware, { errors }));
}
