import { randomUUID } from 'node:crypto';
import type { AuditContext } from '../../context/audit-context.ts';
import type { IncomingRequest } from './incoming-request.ts';

const headersDefault = ['x-request-id', 'x-correlation-id'];

/** Makes the function that ties a request to others: the correlation id it came with, else a new one, and its W3C trace. */
export function createCorrelation(
  headers: readonly string[] = headersDefault,
): (request: IncomingRequest) => Pick<AuditContext, 'correlationId' | 'traceId' | 'spanId'> {
  const names = headers.map((name) => name.toLowerCase());
  return (request) => {
    const correlationId = names.map((name) => request.header(name)).find(isCorrelationId) ?? randomUUID();
    const trace = traceOf(request.header('traceparent'));
    return trace === undefined ? { correlationId } : { correlationId, ...trace };
  };
}

/** Visible ASCII only: the id will be searched for, and printed. */
function isCorrelationId(text: string | undefined): text is string {
  return text !== undefined && /^[\x21-\x7e]{1,200}$/.test(text);
}

/** W3C Trace Context, section 3.2: ids of zeros only and the version ff are invalid; later versions may be longer. */
function traceOf(header: string | undefined): { traceId: string; spanId: string } | undefined {
  if (header === undefined) return undefined;
  const [, version, traceId = '', spanId = '', more] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(header.trim()) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  return /^0+$/.test(traceId) || /^0+$/.test(spanId) ? undefined : { traceId, spanId };
}
