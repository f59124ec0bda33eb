import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Audit, AuditContext } from '../../packages/sdk/src/index.ts';
import { currentContext, extendContext } from '../../packages/sdk/src/index.ts';
import type { RequestOptions } from '../../packages/sdk/src/adapters/request/index.ts';

export interface Host {
  url: string;
  /** The errors that reached the framework's own error handler. */
  errors: unknown[];
  close(): Promise<void>;
}
export interface HostOptions extends Omit<RequestOptions<any>, 'actorOf' | 'signIn'> {
  /** Absent for the same application without the SDK. */
  audit?: Audit;
}
export type StartHost = (options: HostOptions) => Promise<Host>;

/** The answer of an application in any framework: status and JSON. */
interface Reply {
  status: number;
  body?: unknown;
}

export const loginPath = '/login';

/** The rules of all hosts. The headers and the body come from the framework's request. */
export function rulesFor(read: {
  header(request: any, name: string): string | undefined;
  body(request: any): any;
}): {
  actorOf: (request: any) => { id: string } | undefined;
  signIn: { path: string; actorOf: (request: any) => { id: string } | undefined };
  signOut: { path: string };
} {
  return {
    actorOf: (request) => {
      const id = read.header(request, 'x-user');
      if (id === 'throws') throw new Error('no such user');
      return id === undefined ? undefined : { id };
    },
    signIn: {
      path: loginPath,
      actorOf: (request) => {
        const email = read.body(request)?.email;
        return email === undefined ? undefined : { id: email };
      },
    },
    signOut: { path: '/logout' },
  };
}

/** The application, which is the same in all six hosts. */
export function createApplication(audit: Audit | undefined): {
  booking(id: string): Promise<Reply>;
  login(body: any): Promise<Reply>;
  who(n: string): Promise<Reply>;
} {
  return {
    async booking(id) {
      await sleep(1);
      void audit?.capture({ action: 'booking.read', target: { type: 'booking', id } });
      return { status: 200, body: { id } };
    },
    async login(body) {
      await sleep(1);
      if (body?.password !== 'correct horse') return { status: 401, body: { error: 'wrong' } };
      extendContext({ actor: { id: body.email }, sessionId: `session of ${body.email}` });
      return { status: 200, body: { ok: true } };
    },
    async who(n) {
      const seen: (AuditContext['actor'] | undefined)[] = [];
      for (let i = 0; i < 3; i++) {
        await sleep(Math.random() * 5);
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(currentContext().actor);
      }
      void audit?.capture({ action: 'who.ask', attributes: { n } });
      return { status: 200, body: { n, seen: [...new Set(seen.map((actor) => actor?.id))] } };
    },
  };
}

export const failure = Object.assign(new Error('the database said no'), { code: 'E_DATABASE' });

/** Where a host listens. A thousand clients connect at once, and a busy host accepts them later. */
export const address = { port: 0, host: '127.0.0.1', backlog: 2_048 };

export async function listen(listener: RequestListener, errors: unknown[] = []): Promise<Host> {
  const server = createServer(listener);
  server.listen(address);
  await once(server, 'listening');
  return hostOf(server, errors, async () => void server.close());
}

export function hostOf(server: Server, errors: unknown[], close: () => Promise<unknown>): Host {
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    errors,
    async close() {
      server.closeAllConnections();
      await close();
    },
  };
}

export async function readJson(request: IncomingMessage): Promise<any> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? undefined : JSON.parse(text);
}

/** A stream of three parts with pauses. */
export async function stream(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/plain' });
  for (const part of ['one ', 'two ', 'three']) {
    response.write(part);
    await sleep(5);
  }
  response.end();
}
