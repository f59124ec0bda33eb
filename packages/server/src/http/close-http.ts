import type { FastifyInstance } from 'fastify';

const idleEveryMs = 50;
const forcedAfterMs = 10_000;

/**
 * Accepts no new request, waits until the present requests end, and closes all connections that are left after ten
 * seconds.
 */
export async function closeHttp(app: FastifyInstance): Promise<void> {
  // A connection becomes idle when its request ends, and its client may keep it open, so idle connections are closed again
  // and again.
  const idle = setInterval(() => app.server.closeIdleConnections(), idleEveryMs);
  const forced = setTimeout(() => app.server.closeAllConnections(), forcedAfterMs);
  await app.close();
  clearInterval(idle);
  clearTimeout(forced);
}
