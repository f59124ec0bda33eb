import type { FastifyInstance } from 'fastify';

const idleEveryMs = 50;
const forcedAfterMs = 10_000;

/** Takes no new request, lets those under way end, and cuts off what is still there after ten seconds. */
export async function closeHttp(app: FastifyInstance): Promise<void> {
  // A connection that was at work a moment ago is idle the next, and its client may keep it.
  const idle = setInterval(() => app.server.closeIdleConnections(), idleEveryMs);
  const forced = setTimeout(() => app.server.closeAllConnections(), forcedAfterMs);
  await app.close();
  clearInterval(idle);
  clearTimeout(forced);
}
