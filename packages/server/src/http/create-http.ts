import type { IncomingMessage } from 'node:http';
import { fastifyCookie } from '@fastify/cookie';
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { AuditError } from '../audit-error.ts';
import { createBodyBudget, type BodyLimits } from './body-budget.ts';
import { correlationIdOf } from './correlation-id.ts';
import { allowOrigins } from './cors.ts';
import { refuseMalformed } from './malformed-request.ts';
import { registerRoute, type RegisterOptions } from './register-route.ts';
import type { Route } from './route.ts';
import { safeHeaders } from './safe-headers.ts';
import { sendProblem } from './send-problem.ts';
import { endSilentConnections } from './silent-connections.ts';

export interface HttpOptions extends Omit<RegisterOptions, 'bodyMaxBytes' | 'reserve'> {
  readonly routes: readonly Route[];
  readonly bodies: BodyLimits;
  /** Origins of the pages that may call the API from a browser. */
  readonly corsOrigins: readonly string[];
  /** Addresses of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** The page for an address that no route has, where a browser expects a page; undefined: the answer is a problem. */
  readonly missingPage: (path: string, acceptLanguage: string | undefined) => MissingPage | undefined;
  readonly logger: Logger;
}

export interface MissingPage {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The HTTP server with the routes of a table: authentication, validation, errors and correlation ids in one place. */
export function createHttp(options: HttpOptions): FastifyInstance {
  const app = createApp(options);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-correlation-id', request.id);
    done();
  });
  endSilentConnections(app);
  allowOrigins(app, options.corsOrigins);
  void app.register(fastifyCookie);
  addHeaders(app);
  logAnswers(app, options.logger);
  app.setErrorHandler((error, request, reply) =>
    sendProblem(error, { request, reply, logger: options.logger }),
  );
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?');
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const page = isRead ? options.missingPage(path, request.headers['accept-language']) : undefined;
    if (page) return reply.code(404).headers(page.headers).send(page.body);
    return sendProblem(new AuditError('not_found'), { request, reply, logger: options.logger });
  });
  const reserve = createBodyBudget(options.bodies);
  const { bodyMaxBytes } = options.bodies;
  // Routes are registered after the plugins are loaded, so that the hooks of the plugins run first.
  void app.after(() => {
    for (const route of options.routes) registerRoute(app, route, { ...options, bodyMaxBytes, reserve });
  });
  return app;
}

function createApp({ logger, bodies, trustedProxies }: HttpOptions): FastifyInstance {
  return Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    bodyLimit: bodies.bodyMaxBytes,
    genReqId: (request: IncomingMessage) => correlationIdOf(request.headers['x-correlation-id']),
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    routerOptions: { maxParamLength: 2_000, ignoreTrailingSlash: true },
    keepAliveTimeout: 30_000,
    requestTimeout: 60_000,
    return503OnClosing: true,
    clientErrorHandler: refuseMalformed,
    // Errors that occur before a route is found, such as a broken %-sequence in the path.
    frameworkErrors: (error, request, reply) => void sendProblem(error, { request, reply, logger }),
  });
}

function addHeaders(app: FastifyInstance): void {
  app.addHook('onSend', (_request, reply, payload, done) => {
    void reply.header('server-timing', `total;dur=${reply.elapsedTime.toFixed(2)}`);
    for (const [name, value] of Object.entries(safeHeaders))
      if (!reply.hasHeader(name)) void reply.header(name, value);
    done(null, payload);
  });
}

function logAnswers(app: FastifyInstance, logger: Logger): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { id: correlationId, method, routeOptions } = request;
    const line = {
      correlationId,
      method,
      route: routeOptions.url,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    };
    logger.info(line, 'answered');
    done();
  });
}
