import type { IncomingMessage } from 'node:http';

/** A request as it came in, from whatever framework. */
export interface IncomingRequest {
  /** One object per request: a second middleware on the same request finds by it that there is a first. */
  readonly identity: object;
  readonly method: string;
  /** As received: path and query. */
  readonly url: string;
  /** Of the socket's other end. */
  readonly remoteAddress: string | undefined;
  /** By its small-letter name; equal ones joined with `, `. */
  header(name: string): string | undefined;
}

/** What the answer was, known once it is over. */
export interface Answer {
  /** Undefined: the connection ended before there was one. */
  readonly status: number | undefined;
  /** The connection ended before the answer did. */
  readonly aborted?: boolean;
  /** The pattern that the router matched, `/bookings/:id`. */
  readonly route?: string | undefined;
  readonly params?: unknown;
  /** As the framework parsed it; read only where it is asked for. */
  readonly body?: () => unknown;
}

/** A request of `node:http`, also below Express, Fastify, Koa and NestJS. */
export function fromNode(
  request: IncomingMessage & { readonly originalUrl?: unknown },
  originalUrl = request.originalUrl,
): IncomingRequest {
  return {
    identity: request,
    method: request.method ?? 'GET',
    url: typeof originalUrl === 'string' ? originalUrl : (request.url ?? '/'),
    remoteAddress: request.socket.remoteAddress,
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}
