import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Audit } from '../../audit.ts';
import { createRequestAudit } from '../request/create-request-audit.ts';
import { fromNode, type Answer } from '../request/incoming-request.ts';
import type { RequestOptions } from '../request/request-options.ts';
import { watchAnswer } from '../request/watch-answer.ts';

/** The parts of a Koa context that are read; the last two are those of `@koa/router`. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly originalUrl: string;
  readonly request: object;
  readonly params?: unknown;
  readonly _matchedRoute?: unknown;
}

/** `app.use(auditRequests(audit))`, before all other middlewares. TypeError for options that cannot work. */
export function auditRequests<Context extends KoaContext = KoaContext>(
  audit: Audit,
  options: RequestOptions<Context> = {},
): (context: Context, next: () => Promise<unknown>) => Promise<void> {
  const requests = createRequestAudit(audit, options);
  return async (context, next) => {
    const incoming = { ...fromNode(context.req), url: context.originalUrl };
    const started = requests.start(incoming, context);
    watchAnswer(context.res, started, () => answerOf(context));
    try {
      await started.run(next);
    } catch (error) {
      started.fail(error);
      throw error;
    }
  };
}

function answerOf(context: KoaContext): Pick<Answer, 'route' | 'params' | 'body'> {
  const { _matchedRoute: route, params } = context;
  return {
    route: typeof route === 'string' || route instanceof RegExp ? String(route) : undefined,
    params,
    body: () => Reflect.get(context.request, 'body'),
  };
}
