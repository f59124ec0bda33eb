import type { Audit } from '../../audit.ts';
import { currentRequest } from './current-request.ts';
import { createExclusion } from './excluded-paths.ts';
import type { IncomingRequest } from './incoming-request.ts';
import { createRequestContext } from './request-context.ts';
import type { RequestOptions } from './request-options.ts';
import { createSessionRules } from './session-rules.ts';
import { alreadyStarted, startRequest, type StartedRequest } from './started-request.ts';

/** Records the requests of an application. The adapter of a framework calls it when a request starts, fails and ends. */
export interface RequestAudit<Host> {
  start(incoming: IncomingRequest, host: Host): StartedRequest;
}

/** TypeError for options that cannot work. */
export function createRequestAudit<Host>(
  audit: Audit,
  options: RequestOptions<Host> = {},
): RequestAudit<Host> {
  const parts = {
    audit,
    options,
    isExcluded: createExclusion(options.exclude),
    contextOf: createRequestContext(options),
    sessionEventOf: createSessionRules(options),
    defaultPolicy: { captureBody: options.captureBody === true },
  };
  return Object.freeze({
    start(incoming: IncomingRequest, host: Host): StartedRequest {
      if (currentRequest()?.identity === incoming.identity) return alreadyStarted;
      return startRequest(parts, { incoming, host });
    },
  });
}
