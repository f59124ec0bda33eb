import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { nobody, requirePermission, type Access, type Credentials, type Grant } from '../access/index.ts';
import type { BodyBudget } from './body-budget.ts';
import type { CallLimits } from './call-limits.ts';
import { JsonText } from './json-text.ts';
import { requireOwnPage } from './own-page.ts';
import { parseCall } from './parse-call.ts';
import type { Call, Route } from './route.ts';
import type { SessionCookie } from './session-cookie.ts';

/** A read that was answered. */
export interface AnsweredRead {
  readonly grant: Grant;
  readonly action: string;
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly client: { readonly ip: string; readonly userAgent?: string };
}

export interface RegisterOptions {
  readonly access: Access;
  readonly cookie: SessionCookie;
  readonly limits: CallLimits;
  readonly bodyMaxBytes: number;
  /** Reserves room for the bodies of callers with credentials. */
  readonly reserve: BodyBudget;
  /** Records a read that was answered; with `each`, the answer waits until the event is stored. */
  readonly onRead: (read: AnsweredRead, each: boolean) => Promise<void>;
}

/** The body of a route that is open to everybody is small: such a body reserves no room. */
const openBodyMaxBytes = 65_536;
const userAgentCharsMax = 300;
/** An open route waits this long to learn who calls. */
const openWithinMs = 1_000;

export function registerRoute(app: FastifyInstance, route: Route, options: RegisterOptions): void {
  const grants = new WeakMap<FastifyRequest, Grant>();
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\*\}/g, '*').replaceAll(/\{(\w+)\}/g, ':$1'),
    config: { errors: route.errors },
    bodyLimit: route.permission === undefined ? openBodyMaxBytes : options.bodyMaxBytes,
    // Callers are authenticated before a byte of the body is read, so that strangers reserve no room.
    onRequest: async (request, reply) => {
      const grant = await enter(route, request, options);
      requireOwnPage(grant, request, options.cookie);
      route.authorize?.(grant);
      grants.set(request, grant);
      if (route.permission !== undefined) options.reserve(grant.tenant.id, request, reply);
    },
    handler: async (request, reply) => {
      const grant = grants.get(request) ?? nobody;
      const call: Call = {
        grant,
        grantNow: () => grantOf(route, request, options),
        inTurn: (read) => options.limits.serve(grant, { reads: true }, read),
        ...parseCall(route, request),
        request,
        reply,
      };
      return send(route, call, await answerOf(route, call, options));
    },
  });
}

async function enter(route: Route, request: FastifyRequest, options: RegisterOptions): Promise<Grant> {
  if (route.permission === undefined) return enterOpen(route, request, options);
  const credentials = credentialsOf(request, options.cookie);
  return options.limits.enter(credentials, () => grantOf(route, request, options));
}

/**
 * The grant of a caller who has the permission with which an open route shows more, else of nobody: the route stays open to
 * everybody, whatever they send and while the database is away. Wrong keys count as guesses, like everywhere.
 */
async function enterOpen(
  { moreWith }: Route,
  request: FastifyRequest,
  options: RegisterOptions,
): Promise<Grant> {
  const credentials = credentialsOf(request, options.cookie);
  if (moreWith === undefined || credentials.authorization === undefined) return nobody;
  const authenticate = async (): Promise<Grant> => {
    const grant = await options.access.authenticate(credentials);
    requirePermission(grant, moreWith);
    return grant;
  };
  const granted = options.limits.enter(credentials, authenticate).catch(() => nobody);
  // A database that does not answer must not hold up the answer that says so.
  return Promise.race([granted, sleep(openWithinMs, nobody, { ref: false })]);
}

/** The grant of the caller at present. @throws unauthenticated, forbidden */
async function grantOf(
  { permission }: Route,
  request: FastifyRequest,
  { access, cookie }: RegisterOptions,
): Promise<Grant> {
  if (permission === undefined) return nobody;
  const grant = await access.authenticate(credentialsOf(request, cookie));
  if (permission !== 'any') requirePermission(grant, permission);
  return grant;
}

function credentialsOf(request: FastifyRequest, cookie: SessionCookie): Credentials {
  const { authorization } = request.headers;
  return { authorization, session: cookie.read(request), address: request.ip };
}

/**
 * A stream waits for most of its time, so it takes no turn. It is recorded when it begins; other reads are recorded when they end.
 */
async function answerOf(route: Route, call: Call, options: RegisterOptions): Promise<unknown> {
  if (route.answer.mediaType.startsWith('text/event-stream')) {
    await record(route, call, options);
    return route.handle(call);
  }
  const reads = route.method === 'GET' && route.permission !== undefined;
  const answer = await options.limits.serve(call.grant, { reads }, () => route.handle(call));
  if (!call.reply.sent && answer !== call.reply) await record(route, call, options);
  return answer;
}

async function record(route: Route, call: Call, { onRead }: RegisterOptions): Promise<void> {
  if (!route.record || route.record.when?.(call) === false) return;
  const { grant, request } = call;
  const { action, each = false } = route.record;
  // People may read their own entries without a record; an export or a download is always recorded.
  if (grant.reach.kind === 'own' && !each) return;
  const userAgent = request.headers['user-agent']?.slice(0, userAgentCharsMax);
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

function send({ answer: described }: Route, { reply }: Call, answer: unknown): FastifyReply {
  if (reply.sent || answer === reply) return reply;
  if (reply.statusCode === 200) void reply.code(described.status);
  if (!reply.hasHeader('content-type')) void reply.type(described.mediaType);
  if (answer instanceof JsonText) return reply.send(answer.text);
  const isJson = described.mediaType.startsWith('application/json') && reply.statusCode !== 204;
  return reply.send(isJson ? JSON.stringify(answer) : answer);
}
