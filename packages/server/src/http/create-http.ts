import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { readEvents } from '@bitacora/event';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { nobody, requirePermission, type Access, type Credentials, type Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { createBodyBudget, type BodyBudget, type BodyLimits } from './body-budget.ts';
import type { CallLimits } from './call-limits.ts';
import { allowOrigins } from './cors.ts';
import { correlationIdOf } from './correlation-id.ts';
import { formOf } from './form.ts';
import { requireOwnPage } from './own-page.ts';
import { JsonText } from './json-text.ts';
import { olderMember } from './older-member.ts';
import { problemMediaType, problemOf } from './problem.ts';
import type { Call, Route } from './route.ts';
import { takesNothing } from './takes-nothing.ts';
import { safeHeaders } from './safe-headers.ts';
import type { SessionCookie } from './session-cookie.ts';
import { endSilentConnections } from './silent-connections.ts';

/** A read that was answered. */
export interface AnsweredRead {
  readonly grant: Grant;
  readonly action: string;
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly client: { readonly ip: string; readonly userAgent?: string };
}

export interface HttpOptions {
  routes: readonly Route[];
  access: Access;
  /** Of pages that may call from a browser. */
  corsOrigins: readonly string[];
  cookie: SessionCookie;
  limits: CallLimits;
  bodies: BodyLimits;
  /** Puts a read that was answered on record; waits for it when `each` counts. */
  onRead: (read: AnsweredRead, each: boolean) => Promise<void>;
  /** Addresses of proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[];
  logger: Logger;
}

/** The HTTP server with the routes of a table: authentication, validation, errors and correlation ids in one place. */
export function createHttp(options: HttpOptions): FastifyInstance {
  const app: FastifyInstance = Fastify({
    loggerInstance: options.logger as FastifyBaseLogger,
    bodyLimit: options.bodies.bodyMaxBytes,
    genReqId: (request: IncomingMessage) => correlationIdOf(request.headers['x-correlation-id']),
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    routerOptions: { maxParamLength: 2_000 },
    keepAliveTimeout: 30_000,
    requestTimeout: 60_000,
    return503OnClosing: true,
    clientErrorHandler: refuseMalformed,
    // What fails before there is a route, such as a broken %-sequence in the path.
    frameworkErrors: (error, request, reply) =>
      void sendProblem(error, { request, reply, logger: options.logger }),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-correlation-id', request.id);
    done();
  });
  endSilentConnections(app);
  allowOrigins(app, options.corsOrigins);
  app.addHook('onSend', (_request, reply, payload, done) => {
    void reply.header('server-timing', `total;dur=${reply.elapsedTime.toFixed(2)}`);
    for (const [name, value] of Object.entries(safeHeaders))
      if (!reply.hasHeader(name)) void reply.header(name, value);
    done(null, payload);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { id: correlationId, method, routeOptions } = request;
    const line = {
      correlationId,
      method,
      route: routeOptions.url,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    };
    options.logger.info(line, 'answered');
    done();
  });
  app.setErrorHandler((error, request, reply) =>
    sendProblem(error, { request, reply, logger: options.logger }),
  );
  app.setNotFoundHandler((request, reply) =>
    sendProblem(new AuditError('not_found'), { request, reply, logger: options.logger }),
  );
  const reserve = createBodyBudget(options.bodies);
  for (const route of options.routes) register(app, route, { ...options, reserve });
  return app;
}

/** What the HTTP parser could not read has no request yet: half of one, which may be sent again, or none at all. */
function refuseMalformed(error: Error, socket: Socket): void {
  const reason = 'code' in error ? error.code : undefined;
  if (!socket.writable || reason === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const cut = reason === 'HPE_INVALID_EOF_STATE' || reason === 'ERR_HTTP_REQUEST_TIMEOUT';
  const refusal = cut
    ? new AuditError('incomplete_request', { retryAfterSeconds: 1, cause: error })
    : new AuditError('malformed_body', { detail: 'the request is not HTTP', cause: error });
  const body = JSON.stringify(problemOf(refusal, randomUUID()).problem);
  const head = [
    cut ? 'HTTP/1.1 408 Request Timeout' : 'HTTP/1.1 400 Bad Request',
    `content-type: ${problemMediaType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...(cut ? ['retry-after: 1'] : []),
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** What a page sends that is open to everybody: so little that it needs no room of its own. */
const openBodyMaxBytes = 65_536;

type RegisterOptions = HttpOptions & { reserve: BodyBudget };

function register(app: FastifyInstance, route: Route, options: RegisterOptions): void {
  const grants = new WeakMap<FastifyRequest, Grant>();
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\*\}/g, '*').replaceAll(/\{(\w+)\}/g, ':$1'),
    config: { errors: route.errors },
    bodyLimit: route.scope === undefined ? openBodyMaxBytes : options.bodies.bodyMaxBytes,
    // Before a byte of the body is read: strangers reserve nothing.
    onRequest: async (request, reply) => {
      const enter = (): Promise<Grant> => grantOf(route, request, options);
      const grant =
        route.scope === undefined
          ? nobody
          : await options.limits.enter(credentialsOf(request, options), enter);
      requireOwnPage(grant, request, options.cookie);
      grants.set(request, grant);
      if (route.scope !== undefined) options.reserve(grant.tenant.id, request, reply);
    },
    handler: async (request, reply) => {
      const grant = grants.get(request) ?? nobody;
      const query = parseQueryString(route.query, request.query);
      const call = {
        grant,
        grantNow: () => grantOf(route, request, options),
        inTurn: <T>(read: () => Promise<T>) => options.limits.serve(grant, { reads: true }, read),
        params: paramsOf(route, request),
        query,
        body: bodyOf(route, request),
        request,
        reply,
      };
      // A stream is put on record when it begins.
      const streamed = route.answer.mediaType.startsWith('text/event-stream');
      if (streamed) await record(route, call, options);
      const reads = route.method === 'GET' && route.scope !== undefined;
      // A stream waits most of its time: that is nobody's work, and no turn of others waits for it.
      const answer = streamed
        ? await route.handle(call)
        : await options.limits.serve(grant, { reads }, () => route.handle(call));
      if (reply.sent || answer === reply) return reply;
      if (!streamed) await record(route, call, options);
      if (reply.statusCode === 200) void reply.code(route.answer.status);
      if (!reply.hasHeader('content-type')) void reply.type(route.answer.mediaType);
      return reply.send(
        answer instanceof JsonText
          ? answer.text
          : route.answer.mediaType.startsWith('application/json') && reply.statusCode !== 204
            ? JSON.stringify(answer)
            : answer,
      );
    },
  });
}

/** The caller as he is by now. @throws unauthenticated, forbidden */
async function grantOf(
  route: Route,
  request: FastifyRequest,
  { access, cookie }: HttpOptions,
): Promise<Grant> {
  if (route.scope === undefined) return nobody;
  const { authorization } = request.headers;
  const grant = await access.authenticate({
    authorization,
    session: cookie.read(request),
    address: request.ip,
  });
  if (route.scope !== 'any') requirePermission(grant, route.scope);
  return grant;
}

function credentialsOf(request: FastifyRequest, { cookie }: Pick<HttpOptions, 'cookie'>): Credentials {
  const { authorization } = request.headers;
  return { authorization, session: cookie.read(request), address: request.ip };
}

async function record(route: Route, call: Call, { onRead }: HttpOptions): Promise<void> {
  if (route.record?.when?.(call) === false) return;
  if (!route.record) return;
  const { grant, request } = call;
  const { action, each = false } = route.record;
  // One's own entries are one's own business; what is taken out is not.
  if (grant.reach.kind === 'own' && !each) return;
  const userAgent = request.headers['user-agent']?.slice(0, 300);
  await onRead(
    {
      grant,
      action,
      method: request.method,
      url: request.url,
      client: { ip: request.ip, ...(userAgent === undefined ? {} : { userAgent }) },
    },
    each,
  );
}

function bodyOf(route: Route, request: FastifyRequest): unknown {
  if (route.body === undefined || route.body === 'events') return request.body;
  return route.body === 'form' ? formOf(request.body) : parseBody(route.body, request.body);
}

function paramsOf(route: Route, request: FastifyRequest): Record<string, string> {
  const params = { ...(request.params as Record<string, string>) };
  const rest = /\{(\w+)\*\}/.exec(route.path)?.[1];
  if (rest !== undefined) params[rest] = params['*'] ?? '';
  refuseNul(params);
  return params;
}

/** No text of the database may hold U+0000. */
function refuseNul(params: Readonly<Record<string, unknown>>): void {
  for (const [parameter, value] of Object.entries(params)) {
    if (String(value).includes('\0'))
      throw new AuditError('invalid_parameter', { parameter, detail: `${parameter} holds U+0000` });
  }
}

function parseQueryString(schema: z.ZodObject | undefined, query: unknown): Record<string, unknown> {
  const given = query as Record<string, unknown>;
  const known = schema ? Object.keys(schema.shape) : [];
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const offered = known.length > 0 ? `: this route takes ${known.join(', ')}` : '';
    throw new AuditError('invalid_parameter', {
      parameter: unknown.slice(0, 100),
      detail: `there is no parameter ${unknown.slice(0, 100)}${offered}`,
    });
  }
  refuseNul(given);
  return schema ? (validated(schema, given) as Record<string, unknown>) : {};
}

function parseBody(schema: z.ZodType, body: unknown): unknown {
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : '';
  if (text === '' && takesNothing(schema)) return validated(schema, {});
  const reading = readEvents(text, 'json', { eventsMax: 1 });
  const [first] = reading.ok ? reading.events : [];
  if (first?.ok) return validated(schema, first.value);
  const rejection = reading.ok ? first && !first.ok && first.rejection : reading.rejection;
  const at = rejection && rejection.position !== undefined ? ` at byte ${rejection.position}` : '';
  throw new AuditError('malformed_body', {
    parameter: 'body',
    detail: rejection ? `${rejection.message}${at}` : 'send one JSON object',
  });
}

function validated(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const parameter = [...(issue?.path ?? []), ...unknown].join('.').slice(0, 100) || 'body';
  throw new AuditError('invalid_parameter', {
    parameter,
    detail: `${parameter}: ${issue?.message ?? 'not valid'}`,
  });
}

function sendProblem(
  error: unknown,
  call: { request: FastifyRequest; reply: FastifyReply; logger: Logger },
): FastifyReply {
  const { request, reply } = call;
  const { problem, retryAfterSeconds } = problemOf(error, request.id);
  if (problem.status >= 500) call.logger.error({ correlationId: request.id, err: error }, problem.title);
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
  return reply
    .code(problem.status)
    .type(problemMediaType)
    .send(JSON.stringify({ ...problem, ...olderMember(request, problem) }));
}
