import { fastifyCors } from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

const preflightSeconds = 600;
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const allowedHeaders = [
  'authorization',
  'content-type',
  'idempotency-key',
  'last-event-id',
  'x-correlation-id',
];
const exposedHeaders = ['content-disposition', 'retry-after', 'x-correlation-id'];

/** Lets pages of the origins call the API (WHATWG Fetch, CORS): with a token in a header, never with a cookie. */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  void app.register(fastifyCors, {
    origin: [...origins],
    methods,
    allowedHeaders,
    exposedHeaders,
    maxAge: preflightSeconds,
    credentials: false,
    // An OPTIONS request without the headers of a preflight is answered like any other unknown route.
    strictPreflight: false,
  });
}
