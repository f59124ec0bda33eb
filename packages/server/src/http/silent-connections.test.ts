import { once } from 'node:events';
import { connect } from 'node:net';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { closeHttp } from './close-http.ts';
import { endSilentConnections } from './silent-connections.ts';

test('a server that ends waits for running requests, and not for connections without a request', async () => {
  const app = Fastify();
  endSilentConnections(app);
  let answer: ((text: string) => void) | undefined;
  app.get('/slow', () => new Promise<string>((resolve) => (answer = resolve)));
  const url = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
  const open = async (text: string): Promise<ReturnType<typeof connect>> => {
    const socket = connect(Number(url.port), '127.0.0.1');
    await once(socket, 'connect');
    if (text !== '') socket.write(text);
    return socket;
  };
  const ended = (await Promise.all([open(''), open('GET /slow HT')])).map((socket) =>
    once(
      socket.on('error', () => undefined),
      'close',
    ),
  );
  const request = fetch(new URL('/slow', url));
  await expect.poll(() => answer).toBeDefined();
  let closed = false;
  const closing = closeHttp(app).then(() => (closed = true));
  await Promise.all(ended);
  expect(closed).toBe(false);
  answer?.('done');
  expect(await (await request).text()).toBe('done');
  await closing;
});
