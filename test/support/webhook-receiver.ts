import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  path: string;
  id: string;
  timestamp: number;
  /** Whether one of the message's signatures is right (Standard Webhooks: HMAC-SHA256 of id, time and body). */
  signed: boolean;
  body: any;
}

export interface WebhookReceiver {
  url: string;
  /** The secret, such as `whsec_…`. */
  secret: string;
  /** All messages that arrived, also those that got an error as the answer. */
  received: Received[];
  /** The answers to the next messages; without one the answer is 204. */
  answer: (response: ServerResponse, received: Received) => void;
  /** Stops listening. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
}

/** Starts a receiver of webhooks on an address of this machine. */
export async function openWebhookReceiver(): Promise<WebhookReceiver> {
  const key = Buffer.alloc(32, 'a key of the test');
  const received: Received[] = [];
  let port = 0;
  let server: Server;
  const receiver: WebhookReceiver = {
    get url() {
      return `http://127.0.0.1:${port}/hooks/sessions`;
    },
    secret: `whsec_${key.toString('base64')}`,
    received,
    answer: (response) => void response.writeHead(204).end(),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
    async start() {
      server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const header = (name: string): string => String(request.headers[`webhook-${name}`]);
          const id = header('id');
          const timestamp = header('timestamp');
          const wanted = createHmac('sha256', key).update(`${id}.${timestamp}.${text}`).digest('base64');
          const message: Received = {
            path: request.url ?? '',
            id,
            timestamp: Number(timestamp),
            body: JSON.parse(text),
            signed: header('signature').split(' ').includes(`v1,${wanted}`),
          };
          received.push(message);
          receiver.answer(response, message);
        });
      }).listen(port, '127.0.0.1');
      await once(server, 'listening');
      ({ port } = server.address() as AddressInfo);
    },
  };
  await receiver.start();
  return receiver;
}
