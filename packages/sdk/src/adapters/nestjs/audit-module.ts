import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Audit } from '../../audit.ts';
import { createRequestAudit, type StartedRequest } from '../request/create-request-audit.ts';
import { expressAnswer, type RoutedRequest } from '../request/express-answer.ts';
import { fromNode } from '../request/incoming-request.ts';
import type { RequestOptions } from '../request/request-options.ts';
import { watchAnswer } from '../request/watch-answer.ts';
import { createAuditInterceptor } from './audit-interceptor.ts';

/** Injects the `Audit`: `constructor(@Inject(auditToken) audit: Audit)`. */
export const auditToken = Symbol.for('bitacora.audit');

/** A request of Nest's platform: Express's, or below Fastify the one of `node:http`. */
export type NestRequest = IncomingMessage & RoutedRequest & { readonly originalUrl?: string };

export interface AuditModuleOptions<Request> extends RequestOptions<Request> {
  readonly audit: Audit;
}

interface MiddlewareConsumer {
  apply(middleware: (request: never, response: never, next: () => void) => void): {
    forRoutes(path: string): unknown;
  };
}

interface DynamicModule {
  module: new () => { configure(consumer: MiddlewareConsumer): void };
  global: boolean;
  providers: { provide: string | symbol; useValue: unknown }[];
  exports: symbol[];
}

const middlewareToken = Symbol.for('bitacora.audit-middleware');

/**
 * Right after `NestFactory.create(…)`: `auditFirst(app)` puts the recording before the parsing of bodies, so that requests
 * whose body is refused are on record too. Nest puts what a module brings behind it.
 */
export function auditFirst(app: { get(token: symbol): unknown; use(middleware: unknown): unknown }): void {
  app.use(app.get(middlewareToken));
}

/**
 * `imports: [AuditModule.forRoot({ audit })]` in the application's module: records every request, and gives the `Audit` to
 * all modules by `auditToken`. TypeError for options that cannot work.
 */
export const AuditModule = Object.freeze({
  forRoot<Request extends NestRequest = NestRequest>(options: AuditModuleOptions<Request>): DynamicModule {
    const { audit, ...requestOptions } = options;
    const requests = createRequestAudit(audit, requestOptions);
    const underWay = new WeakMap<object, StartedRequest>();

    function middleware(request: Request, response: ServerResponse, next: () => void): void {
      const started = requests.start(fromNode(request), request);
      if (!underWay.has(request)) underWay.set(request, started);
      watchAnswer(response, started, () => expressAnswer(request));
      started.run(() => next());
    }

    class BitacoraModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply(middleware).forRoutes('{*path}');
      }
    }

    const interceptor = createAuditInterceptor((request) => underWay.get(rawOf(request)));
    return {
      module: BitacoraModule,
      global: true,
      providers: [
        // The value of APP_INTERCEPTOR of @nestjs/core: an interceptor of all controllers.
        { provide: 'APP_INTERCEPTOR', useValue: interceptor },
        { provide: auditToken, useValue: audit },
        { provide: middlewareToken, useValue: middleware },
      ],
      exports: [auditToken, middlewareToken],
    };
  },
});

/** Below Fastify middlewares see the request of `node:http`, controllers Fastify's own. */
function rawOf(request: unknown): object {
  if (typeof request !== 'object' || request === null) return none;
  return 'raw' in request && typeof request.raw === 'object' && request.raw !== null ? request.raw : request;
}

const none = {};
