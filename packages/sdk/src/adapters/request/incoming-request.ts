import type { IncomingMessage } from 'node:http';

/** A request as it came in, whatever the framework. */
export interface IncomingRequest {
  /** An object that is the same for all middlewares of a request, so that a second middleware notices the first. */
  readonly identity: object;
  readonly method: string;
  /** Path and query, as received. */
  readonly url: string;
  /** The address of the socket's other end. */
  readonly remoteAddress: string | undefined;
  /** The name is in lower case; headers of one name are joined with `, `. */
  header(name: string): string | undefined;
}

/** The facts about an answer that has ended. */
export interface Answer {
  /** Undefined: the connection ended before there was an answer. */
  readonly status: number | undefined;
  /** The connection ended before the answer was complete. */
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
