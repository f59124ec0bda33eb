import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Audit } from '../../audit.ts';
import { createRequestAudit } from './create-request-audit.ts';
import type { StartedRequest } from './started-request.ts';
import { fromNode } from './incoming-request.ts';
import type { RequestOptions } from './request-options.ts';
import { watchAnswer } from './watch-answer.ts';

type Listener<Request extends IncomingMessage, Response extends ServerResponse> = (
  request: Request,
  response: Response,
) => unknown;

/**
 * For `node:http` without a framework: `createServer(auditRequests(audit)(listener))`. Answers and errors stay the listener's
 * own. With `captureBody` the body is what the listener leaves in `request.body`. TypeError for options that cannot work.
 */
export function auditRequests(
  audit: Audit,
  options: RequestOptions<IncomingMessage> = {},
): <Request extends IncomingMessage, Response extends ServerResponse>(
  listener: Listener<Request, Response>,
) => Listener<Request, Response> {
  const requests = createRequestAudit(audit, options);
  return (listener) => (request, response) => {
    const started = requests.start(fromNode(request), request);
    watchAnswer(response, started, () => ({ body: () => Reflect.get(request, 'body') }));
    return started.run(() => noteFailure(started, () => listener(request, response)));
  };
}

/** Runs the listener. Notes its error, and passes the error on to the caller. */
function noteFailure(started: StartedRequest, listen: () => unknown): unknown {
  try {
    const result = listen();
    if (!(result instanceof Promise)) return result;
    return result.catch((error: unknown) => {
      started.fail(error);
      throw error;
    });
  } catch (error) {
    started.fail(error);
    throw error;
  }
}
