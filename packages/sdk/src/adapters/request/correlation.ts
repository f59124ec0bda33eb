import { randomUUID } from 'node:crypto';
import { parseTraceparent } from '../../context/active-trace.ts';
import type { AuditContext } from '../../context/audit-context.ts';
import type { IncomingRequest } from './incoming-request.ts';

const headersDefault = ['x-request-id', 'x-correlation-id'];

/** Makes the function that returns a request's correlation id, which is the id in its headers or a new one, and its W3C trace. */
export function createCorrelation(
  headers: readonly string[] = headersDefault,
): (request: IncomingRequest) => Pick<AuditContext, 'correlationId' | 'traceId' | 'spanId'> {
  const names = headers.map((name) => name.toLowerCase());
  return (request) => {
    const correlationId = sentId(request) ?? randomUUID();
    const header = request.header('traceparent');
    const trace = header === undefined ? undefined : parseTraceparent(header);
    return trace === undefined ? { correlationId } : { correlationId, ...trace };
  };

  function sentId(request: IncomingRequest): string | undefined {
    for (const name of names) {
      const id = request.header(name);
      if (isCorrelationId(id)) return id;
    }
    return undefined;
  }
}

/** Only visible ASCII is taken, because people search for the id and print it. */
function isCorrelationId(text: string | undefined): text is string {
  return text !== undefined && /^[\x21-\x7e]{1,200}$/.test(text);
}
