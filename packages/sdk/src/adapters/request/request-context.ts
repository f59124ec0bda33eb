import { limits, type EventInput } from '@bitacora/event';
import type { AuditContext } from '../../context/audit-context.ts';
import { createClientAddress } from './client-address.ts';
import { shortText } from './clean-text.ts';
import { createCorrelation } from './correlation.ts';
import { actorFrom, textFrom, type Ask } from './host-answers.ts';
import type { IncomingRequest } from './incoming-request.ts';
import { recordableUrl } from './recordable-url.ts';
import { requestLimits } from './request-limits.ts';
import type { RequestOptions } from './request-options.ts';

/** The actor of a request until its real actor is known; compared by identity. */
export const anonymous: EventInput['actor'] = Object.freeze({ type: 'user', id: 'anonymous' });

/** Makes the function that returns the context of all events inside a request. TypeError for options that cannot work. */
export function createRequestContext<Host>(
  options: RequestOptions<Host>,
): (request: IncomingRequest, host: { readonly host: Host; readonly ask: Ask }) => AuditContext {
  const { actorOf, sessionOf, tenantOf } = options;
  const addressOf = createClientAddress(options);
  const correlationOf = createCorrelation(options.correlationHeaders);
  const fixed = options.module === undefined ? {} : { module: options.module };
  return (request, { host, ask }) => {
    const ip = addressOf(request);
    const userAgent = request.header('user-agent');
    const actor = actorOf && actorFrom(ask('actorOf', () => actorOf(host)));
    const sessionId = sessionOf && ask('sessionOf', () => sessionOf(host));
    const tenant = tenantOf && ask('tenantOf', () => tenantOf(host));
    const session = textFrom(sessionId, limits.correlationLengthMaxChars);
    return {
      ...fixed,
      ...correlationOf(request),
      actor: actor ?? anonymous,
      client: clientOf(ip, userAgent),
      request: { method: methodOf(request.method), url: recordableUrl(request.url) },
      ...(session !== undefined && { sessionId: session }),
      ...(typeof tenant === 'string' && tenant !== '' && { tenant }),
    };
  };
}

function clientOf(ip: string | undefined, userAgent: string | undefined): AuditContext['client'] {
  if (userAgent === undefined) return ip === undefined ? {} : { ip };
  const shown = shortText(userAgent, requestLimits.userAgentLengthMaxChars);
  return ip === undefined ? { userAgent: shown } : { ip, userAgent: shown };
}

export function methodOf(method: string): string {
  return method.slice(0, limits.methodLengthMaxChars);
}
