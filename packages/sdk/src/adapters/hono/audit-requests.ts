import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Audit } from '../../audit.ts';
import { createRequestAudit } from '../request/create-request-audit.ts';
import { fromNode, type Answer, type IncomingRequest } from '../request/incoming-request.ts';
import type { RequestOptions } from '../request/request-options.ts';
import { watchAnswer } from '../request/watch-answer.ts';

/** The parts of a Hono context that are read. */
export interface HonoContext {
  readonly req: {
    readonly raw: object;
    readonly method: string;
    readonly url: string;
    readonly routePath: string;
    readonly bodyCache: object;
    header(name: string): string | undefined;
    param(): unknown;
  };
  readonly res: { readonly status: number };
  readonly env: unknown;
  readonly error: Error | undefined;
}

/**
 * `app.use(auditRequests(audit))`, before all other middlewares. With `@hono/node-server` a request is over when its answer
 * was sent; elsewhere, where no socket can be watched, when the handler has answered. TypeError for options that cannot work.
 */
export function auditRequests<Context extends HonoContext = HonoContext>(
  audit: Audit,
  options: RequestOptions<Context> = {},
): (context: Context, next: () => Promise<void>) => Promise<void> {
  const requests = createRequestAudit(audit, options);
  return async (context, next) => {
    const socket = socketOf(context.env);
    const own = context.req.routePath;
    const started = requests.start(socket ? fromNode(socket.incoming) : fromFetch(context), context);
    let answer: ReturnType<typeof answerOf> = {};
    if (socket) watchAnswer(socket.outgoing, started, () => answer);
    try {
      await started.run(next);
      // Hono catches the errors of handlers and answers with `onError`.
      if (context.error !== undefined) started.fail(context.error);
    } catch (error) {
      started.fail(error);
      throw error;
    } finally {
      answer = answerOf(context, own);
      if (!socket) started.finish(() => ({ status: context.res.status, ...answer }));
    }
  };
}

/** `@hono/node-server` gives access to the request and the answer of `node:http`. */
function socketOf(env: unknown): { incoming: IncomingMessage; outgoing: ServerResponse } | undefined {
  return isSocket(env) ? env : undefined;
}

function isSocket(env: unknown): env is { incoming: IncomingMessage; outgoing: ServerResponse } {
  return typeof env === 'object' && env !== null && 'incoming' in env && 'outgoing' in env;
}

function fromFetch({ req }: HonoContext): IncomingRequest {
  const { pathname, search } = new URL(req.url);
  return {
    identity: req.raw,
    method: req.method,
    url: pathname + search,
    remoteAddress: undefined,
    header: (name) => req.header(name),
  };
}

/** To be called right after the handlers: then the router's state is that of the handler that answered. */
function answerOf({ req, res }: HonoContext, own: string): Pick<Answer, 'route' | 'params' | 'body'> {
  let text: unknown;
  // Only a body that the handler has read is captured, because reading it here would take it away from the handler.
  const [cached] = Object.values(req.bodyCache);
  if (cached instanceof Promise) {
    cached.then(
      (body) => (text = body),
      () => undefined,
    );
  } else text = cached;
  // When no route matched, the router's state is still that of this middleware.
  const route = res.status === 404 && req.routePath === own ? undefined : req.routePath;
  return { route, params: req.param(), body: () => parseBody(text) };
}

function parseBody(body: unknown): unknown {
  if (body instanceof FormData) return Object.fromEntries(body);
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
