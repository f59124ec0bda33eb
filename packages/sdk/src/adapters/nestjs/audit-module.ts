import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Audit } from '../../audit.ts';
import { createRequestAudit } from '../request/create-request-audit.ts';
import type { StartedRequest } from '../request/started-request.ts';
import { expressAnswer, type RoutedRequest } from '../request/express-answer.ts';
import { fromNode } from '../request/incoming-request.ts';
import type { RequestOptions } from '../request/request-options.ts';
import { watchAnswer } from '../request/watch-answer.ts';
import { createAuditInterceptor } from './audit-interceptor.ts';

/** Injects the `Audit`: `constructor(@Inject(auditToken) audit: Audit)`. */
export const auditToken = Symbol.for('bitacora.audit');

/** A request of Nest's platform: that of Express, or that of `node:http` below Fastify. */
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
 * Call `auditFirst(app)` right after `NestFactory.create(…)`: it puts the recording before the parsing of bodies, so that
 * requests whose body is refused are recorded too. Nest puts the middlewares of modules behind that parsing.
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

/** With Fastify, middlewares get the request of `node:http` and controllers get Fastify's own. */
function rawOf(request: unknown): object {
  if (typeof request !== 'object' || request === null) return none;
  return 'raw' in request && typeof request.raw === 'object' && request.raw !== null ? request.raw : request;
}

const none = {};
