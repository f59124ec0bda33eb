import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { AuditError } from '../audit-error.ts';
import { problemMediaType, problemOf } from './problem.ts';

/** Answers a request that the HTTP parser could not read: 408 when its end is missing, so that it may be sent again, else 400. */
export function refuseMalformed(error: Error, socket: Socket): void {
  const reason = 'code' in error ? error.code : undefined;
  if (!socket.writable || reason === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const incomplete = reason === 'HPE_INVALID_EOF_STATE' || reason === 'ERR_HTTP_REQUEST_TIMEOUT';
  const refusal = incomplete
    ? new AuditError('incomplete_request', { retryAfterSeconds: 1, cause: error })
    : new AuditError('malformed_body', { detail: 'the request is not HTTP', cause: error });
  const body = JSON.stringify(problemOf(refusal, randomUUID()).problem);
  const head = [
    incomplete ? 'HTTP/1.1 408 Request Timeout' : 'HTTP/1.1 400 Bad Request',
    `content-type: ${problemMediaType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...(incomplete ? ['retry-after: 1'] : []),
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
