import type { IncomingMessage } from 'node:http';

/** A request as it came in, whatever the framework. */
export interface IncomingRequest {
  /** One object per request, by which a second middleware on the same request finds that there is a first. */
  readonly identity: object;
  readonly method: string;
  /** Path and query, as received. */
  readonly url: string;
  /** The address of the socket's other end. */
  readonly remoteAddress: string | undefined;
  /** The name is in lower case; headers of one name are joined with `, `. */
  header(name: string): string | undefined;
}

/** What is known of the answer once it is over. */
export interface Answer {
  /** Undefined: the connection ended before there was an answer. */
  readonly status: number | undefined;
  /** The connection ended before the answer did. */
  readonly aborted?: boolean;
  /** The pattern that the router matched, `/bookings/:id`. */
  readonly route?: string | undefined;
  readonly params?: unknown;
  /** As the framework parsed it; called only where bodies are captured. */
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
