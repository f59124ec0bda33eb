import 'reflect-metadata';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  HttpCode,
  HttpException,
  Module,
  Param,
  Post,
  Res,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import * as expressAudit from '../../packages/sdk/src/adapters/express/index.ts';
import * as fastifyAudit from '../../packages/sdk/src/adapters/fastify/index.ts';
import * as honoAudit from '../../packages/sdk/src/adapters/hono/index.ts';
import * as koaAudit from '../../packages/sdk/src/adapters/koa/index.ts';
import * as nestAudit from '../../packages/sdk/src/adapters/nestjs/index.ts';
import * as httpAudit from '../../packages/sdk/src/adapters/request/index.ts';
import {
  address,
  createApplication,
  failure,
  hostOf,
  listen,
  readJson,
  rulesFor,
  stream,
  type StartHost,
} from './framework-hosts.ts';

const nodeRules = rulesFor({
  header: (request, name) => request.headers[name],
  body: (request) => request.body,
});

const startHttp: StartHost = ({ audit, ...options }) => {
  const app = createApplication(audit);
  const errors: unknown[] = [];
  const listener = async (request: any, response: any): Promise<void> => {
    const path = request.url.split('?')[0];
    const reply = ({ status, body }: { status: number; body?: unknown }): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    if (request.method === 'POST') request.body = await readJson(request);
    if (path.startsWith('/bookings/')) return reply(await app.booking(decodeURIComponent(path.slice(10))));
    if (path.startsWith('/who/')) return reply(await app.who(path.slice(5)));
    if (path === '/login') return reply(await app.login(request.body));
    if (path === '/logout') return reply({ status: 204 });
    if (path === '/echo') return reply({ status: 200, body: request.body });
    if (path === '/secret') return reply({ status: 403, body: {} });
    if (path === '/stream') return stream(response);
    if (path === '/slow') return new Promise<void>(() => undefined);
    if (path === '/broken') throw failure;
    return reply({ status: path.startsWith('/health') || path.startsWith('/docs') ? 200 : 404, body: {} });
  };
  const audited = audit ? httpAudit.auditRequests(audit, { ...nodeRules, ...options })(listener) : listener;
  return listen((request, response) => {
    Promise.resolve(audited(request, response)).catch((error: unknown) => {
      errors.push(error);
      response.writeHead(500).end('broken');
    });
  }, errors);
};

const startExpress: StartHost = async ({ audit, ...options }) => {
  const app = createApplication(audit);
  const errors: unknown[] = [];
  const host = express();
  const requests = audit ? expressAudit.auditRequests(audit, { ...nodeRules, ...options }) : undefined;
  if (requests) host.use(requests);
  host.use(express.json());
  host.get(
    '/bookings/:id',
    async (request, response) => void response.json((await app.booking(request.params.id)).body),
  );
  host.get(
    '/who/:n',
    async (request, response) => void response.json((await app.who(request.params.n)).body),
  );
  host.post('/login', async (request, response) => {
    const { status, body } = await app.login(request.body);
    response.status(status).json(body);
  });
  host.post('/logout', (_request, response) => void response.status(204).end());
  host.post('/echo', (request, response) => void response.json(request.body));
  host.get('/secret', (_request, response) => void response.status(403).json({}));
  host.get('/stream', (_request, response) => stream(response));
  host.get('/slow', () => undefined);
  host.get('/broken', async () => {
    throw failure;
  });
  host.get(['/health', '/health/live', '/docs'], (_request, response) => void response.json({}));
  if (requests) host.use(requests.errors);
  host.use((error: unknown, _request: any, response: any, _next: any) => {
    errors.push(error);
    response.status(500).send('broken');
  });
  return listen(host, errors);
};

const startFastify: StartHost = async ({ audit, ...options }) => {
  const app = createApplication(audit);
  const errors: unknown[] = [];
  const host = fastify();
  if (audit) await host.register(fastifyAudit.auditRequests(audit, { ...nodeRules, ...options }));
  host.setErrorHandler((error, _request, reply) => {
    errors.push(error);
    return reply.status(500).send('broken');
  });
  host.get('/bookings/:id', async (request: any) => (await app.booking(request.params.id)).body);
  host.get('/who/:n', async (request: any) => (await app.who(request.params.n)).body);
  host.post('/login', async (request, reply) => {
    const { status, body } = await app.login(request.body);
    return reply.status(status).send(body);
  });
  host.post('/logout', (_request, reply) => reply.status(204).send());
  host.post('/echo', async (request) => request.body);
  host.get('/secret', (_request, reply) => reply.status(403).send({}));
  host.get('/stream', (_request, reply) => {
    const parts = async function* (): AsyncGenerator<string> {
      for (const part of ['one ', 'two ', 'three']) {
        yield part;
        await sleep(5);
      }
    };
    return reply.type('text/plain').send(Readable.from(parts()));
  });
  host.get('/slow', () => new Promise(() => undefined));
  host.get('/broken', async () => {
    throw failure;
  });
  for (const path of ['/health', '/health/live', '/docs']) host.get(path, async () => ({}));
  await host.listen(address);
  return hostOf(host.server, errors, () => host.close());
};

const startKoa: StartHost = ({ audit, ...options }) => {
  const app = createApplication(audit);
  const errors: unknown[] = [];
  const host = new Koa();
  const rules = rulesFor({
    header: (context, name) => context.headers[name],
    body: (context) => context.request.body,
  });
  if (audit) host.use(koaAudit.auditRequests(audit, { ...rules, ...options }));
  host.on('error', (error: unknown) => errors.push(error));
  host.use(async (context: any) => {
    const { path } = context;
    if (context.method === 'POST') context.request.body = await readJson(context.req);
    const reply = ({ status, body }: { status: number; body?: unknown }): void => {
      context.status = status;
      if (body !== undefined) context.body = body;
    };
    if (path.startsWith('/bookings/')) {
      // Sets the path as a router does.
      context._matchedRoute = '/bookings/:id';
      context.params = { id: decodeURIComponent(path.slice(10)) };
      return reply(await app.booking(context.params.id));
    }
    if (path.startsWith('/who/')) return reply(await app.who(path.slice(5)));
    if (path === '/login') return reply(await app.login(context.request.body));
    if (path === '/logout') return reply({ status: 204 });
    if (path === '/echo') return reply({ status: 200, body: context.request.body });
    if (path === '/secret') return reply({ status: 403, body: {} });
    if (path === '/stream') {
      context.respond = false;
      return stream(context.res);
    }
    if (path === '/slow') return new Promise(() => undefined);
    if (path === '/broken') throw failure;
    if (path.startsWith('/health') || path.startsWith('/docs')) reply({ status: 200, body: {} });
  });
  const respond = host.callback();
  return listen((request, response) => void respond(request, response), errors);
};

const startHono: StartHost = ({ audit, ...options }) => {
  const app = createApplication(audit);
  const errors: unknown[] = [];
  const host = new Hono();
  let loginBody: unknown;
  const rules = rulesFor({ header: (c, name) => c.req.header(name), body: () => loginBody });
  if (audit) host.use(honoAudit.auditRequests(audit, { ...rules, ...options }));
  host.onError((error, c) => {
    errors.push(error);
    return c.text('broken', 500);
  });
  host.get('/bookings/:id', async (c) => c.json((await app.booking(c.req.param('id'))).body as object));
  host.get('/who/:n', async (c) => c.json((await app.who(c.req.param('n'))).body as object));
  host.post('/login', async (c) => {
    loginBody = await c.req.json();
    const { status, body } = await app.login(loginBody);
    return c.json(body as object, status as 200);
  });
  host.post('/logout', (c) => c.body(null, 204));
  host.post('/echo', async (c) => c.json(await c.req.json()));
  host.get('/secret', (c) => c.json({}, 403));
  host.get('/stream', (c) => {
    const parts = async function* (): AsyncGenerator<Uint8Array> {
      for (const part of ['one ', 'two ', 'three']) {
        yield Buffer.from(part);
        await sleep(5);
      }
    };
    return c.body(Readable.toWeb(Readable.from(parts())) as ReadableStream);
  });
  host.get('/slow', () => new Promise(() => undefined));
  host.get('/broken', async () => {
    throw failure;
  });
  for (const path of ['/health', '/health/live', '/docs']) host.get(path, (c) => c.json({}));
  return new Promise((resolve) => {
    const server: any = serve({ fetch: host.fetch, port: 0, hostname: '127.0.0.1' }, () =>
      resolve(hostOf(server, errors, async () => void server.close())),
    );
  });
};

/** The decorators are called as functions, because their syntax would have to be compiled. */
function decorate(type: any, method: string, ...decorators: any[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, method);
  for (const decorator of decorators) decorator(type.prototype, method, descriptor);
}

const startNest: StartHost = async ({ audit, ...options }) => {
  const app = createApplication(audit);
  const errors: unknown[] = [];
  class Bookings {
    async booking(id: string): Promise<unknown> {
      return (await app.booking(id)).body;
    }
    async who(n: string): Promise<unknown> {
      return (await app.who(n)).body;
    }
    async login(body: unknown): Promise<unknown> {
      const reply = await app.login(body);
      if (reply.status !== 200) throw new HttpException(reply.body as object, reply.status);
      return reply.body;
    }
    logout(): void {}
    echo(body: unknown): unknown {
      return body;
    }
    secret(): void {
      throw new ForbiddenException();
    }
    stream(response: any): Promise<void> {
      return stream(response);
    }
    slow(): Promise<never> {
      return new Promise(() => undefined);
    }
    async broken(): Promise<void> {
      throw failure;
    }
    fine(): object {
      return {};
    }
  }
  const param = (method: string, index: number, decorator: any): void =>
    decorator(Bookings.prototype, method, index);
  decorate(Bookings, 'booking', Get('/bookings/:id'));
  param('booking', 0, Param('id'));
  decorate(Bookings, 'who', Get('/who/:n'));
  param('who', 0, Param('n'));
  decorate(Bookings, 'login', Post('/login'), HttpCode(200));
  param('login', 0, Body());
  decorate(Bookings, 'logout', Post('/logout'), HttpCode(204));
  decorate(Bookings, 'echo', Post('/echo'), HttpCode(200));
  param('echo', 0, Body());
  decorate(Bookings, 'secret', Get('/secret'), nestAudit.Audited({ level: 'critical' }));
  decorate(Bookings, 'stream', Get('/stream'));
  param('stream', 0, Res());
  decorate(Bookings, 'slow', Get('/slow'));
  decorate(Bookings, 'broken', Get('/broken'));
  decorate(Bookings, 'fine', Get(['/health', '/health/live', '/docs']));
  Controller()(Bookings);
  class App {}
  const imports = audit ? [nestAudit.AuditModule.forRoot({ audit, ...nodeRules, ...options })] : [];
  Module({ controllers: [Bookings], imports })(App);
  const host = await NestFactory.create(App, { logger: false, abortOnError: false });
  if (audit) nestAudit.auditFirst(host);
  host.useGlobalFilters({
    catch(error: unknown, context: any) {
      errors.push(error);
      const status = error instanceof HttpException ? error.getStatus() : 500;
      const response = context.switchToHttp().getResponse();
      if (status === 500) response.status(500).send('broken');
      else response.status(status).json(status === 401 ? { error: 'wrong' } : {});
    },
  });
  await host.init();
  const server = host.getHttpServer();
  await new Promise<void>((resolve) => server.listen(address, resolve));
  return hostOf(server, errors, () => host.close());
};

export const frameworks: Record<string, StartHost> = {
  express: startExpress,
  fastify: startFastify,
  hono: startHono,
  koa: startKoa,
  nestjs: startNest,
  http: startHttp,
};
