import type { FastifyInstance } from 'fastify';

const preflightSeconds = 600;
const allowedHeaders = 'authorization, content-type, idempotency-key, last-event-id, x-correlation-id';
const shownHeaders = 'content-disposition, retry-after, x-correlation-id';

/** Lets pages of the origins call the API (WHATWG Fetch, CORS): with a token in a header, never with a cookie. */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    void reply.header('vary', 'Origin');
    if (origin === undefined || !origins.includes(origin)) {
      done();
      return;
    }
    void reply.header('access-control-allow-origin', origin);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      void reply.header('access-control-expose-headers', shownHeaders);
      done();
      return;
    }
    void reply
      .header('access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE')
      .header('access-control-allow-headers', allowedHeaders)
      .header('access-control-max-age', String(preflightSeconds))
      .code(204)
      .send();
  });
}
