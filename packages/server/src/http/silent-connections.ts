import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * When the server ends, connections that no request came over end with it: browsers and clients open some to have them ready,
 * and Node counts them among those at work.
 */
export function endSilentConnections(app: FastifyInstance): void {
  const silent = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  app.server.on('request', ({ socket }: { socket: Socket }) => void silent.delete(socket));
  app.addHook('preClose', (done) => {
    for (const socket of silent) socket.destroy();
    done();
  });
}
