import type { IncomingMessage } from 'node:http';
import type { Audit } from '../../audit.ts';
import { createRequestAudit } from '../request/create-request-audit.ts';
import type { StartedRequest } from '../request/started-request.ts';
import { fromNode, type Answer } from '../request/incoming-request.ts';
import type { RequestOptions, RequestPolicy } from '../request/request-options.ts';
import { watchAnswer, type NodeAnswer } from '../request/watch-answer.ts';

// A field that every request has from the start costs much less than a map of requests.
const startedKey = Symbol('bitacora.started-request');

/** The parts of a Fastify request that are read. A route's own policy is `config: { audit: { level: 'high' } }`. */
export interface FastifyRequest {
  [startedKey]?: StartedRequest | null;
  readonly raw: IncomingMessage;
  readonly originalUrl: string;
  readonly params: unknown;
  readonly body: unknown;
  readonly routeOptions: {
    readonly url?: string | undefined;
    readonly config: object;
  };
}

type Done = (error?: Error) => void;
interface Reply {
  readonly raw: NodeAnswer;
}

/** The parts of a Fastify instance that are used. */
export interface FastifyInstance<Request> {
  decorateRequest(name: symbol, value: null): unknown;
  addHook(
    name: 'onRequest' | 'preValidation' | 'preHandler',
    hook: (request: Request, reply: Reply, done: Done) => void,
  ): unknown;
  addHook(
    name: 'onError',
    hook: (request: Request, reply: Reply, error: Error, done: () => void) => void,
  ): unknown;
}

/** `app.register(auditRequests(audit))`, before all other plugins. TypeError for options that cannot work. */
export function auditRequests<Request extends FastifyRequest = FastifyRequest>(
  audit: Audit,
  options: RequestOptions<Request> = {},
): (instance: FastifyInstance<Request>, options: unknown, done: Done) => void {
  const requests = createRequestAudit(audit, { ...options, policyOf: withRoutePolicy(options.policyOf) });

  function plugin(instance: FastifyInstance<Request>, _options: unknown, done: Done): void {
    instance.decorateRequest(startedKey, null);
    instance.addHook('onRequest', (request, reply, next) => {
      const started = requests.start(fromNode(request.raw, request.originalUrl), request);
      request[startedKey] = started;
      watchAnswer(reply.raw, started, () => answerOf(request));
      started.run(() => next());
    });
    // The socket wakes the parsing of a body outside of the request's context, so that the context must be entered again.
    instance.addHook('preValidation', (request, _reply, next) => resume(request[startedKey], next));
    if (options.actorOf !== undefined) {
      instance.addHook('preHandler', (request, _reply, next) => {
        request[startedKey]?.identify();
        next();
      });
    }
    instance.addHook('onError', (request, _reply, error, next) => {
      request[startedKey]?.fail(error);
      next();
    });
    done();
  }

  // Only with this mark, which fastify-plugin sets too, do the plugin's hooks also apply to routes outside of the plugin.
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: '@bitacora/sdk/fastify',
  });
}

function resume(started: StartedRequest | null | undefined, next: Done): void {
  if (!started) next();
  else started.resume(() => next());
}

function answerOf(request: FastifyRequest): Pick<Answer, 'route' | 'params' | 'body'> {
  return { route: request.routeOptions.url, params: request.params, body: () => request.body };
}

function withRoutePolicy<Request extends FastifyRequest>(
  policyOf: RequestOptions<Request>['policyOf'],
): NonNullable<RequestOptions<Request>['policyOf']> {
  return (request, facts) => ({
    ...policyOf?.(request, facts),
    ...routePolicy(request.routeOptions.config),
  });
}

function routePolicy(config: object): RequestPolicy | undefined {
  const audit: unknown = Reflect.get(config, 'audit');
  return isPolicy(audit) ? audit : undefined;
}

function isPolicy(audit: unknown): audit is RequestPolicy {
  return typeof audit === 'object' && audit !== null;
}
