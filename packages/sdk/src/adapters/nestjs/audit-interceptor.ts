import { currentRequest, describeRequest } from '../request/current-request.ts';
import type { StartedRequest } from '../request/create-request-audit.ts';
import { policyOfHandler } from './audited.ts';

interface Subscriber {
  next(value: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

/** An Observable of RxJS, as much of it as is used. */
interface Stream {
  subscribe(subscriber: Partial<Subscriber>): { unsubscribe(): void };
}

interface ExecutionContext {
  getType(): string;
  getClass(): object;
  getHandler(): object;
  switchToHttp(): { getRequest(): unknown };
}

export interface AuditInterceptor {
  intercept(context: ExecutionContext, next: { handle(): Stream }): Stream;
}

/**
 * Stands between the guards and the handlers: says who acts once the guards know, what `@Audited` says of the handler, and
 * notes what it throws. `startedOf` finds the request under way by Nest's request.
 */
export function createAuditInterceptor(
  startedOf: (request: unknown) => StartedRequest | undefined,
): AuditInterceptor {
  return Object.freeze({
    intercept(context: ExecutionContext, next: { handle(): Stream }): Stream {
      const started =
        context.getType() === 'http' ? startedOf(context.switchToHttp().getRequest()) : undefined;
      if (started === undefined) return next.handle();
      started.identify();
      const policy = policyOfHandler(context.getClass(), context.getHandler());
      started.resume(() => {
        // What the handler says by `describeRequest` comes later and wins.
        if (policy !== undefined && currentRequest() !== undefined) describeRequest(policy);
      });
      return noting(next.handle(), started);
    },
  });
}

/** The same stream, whose error is seen on its way. RxJS is the host's, so that its class comes from the stream itself. */
function noting(stream: Stream, started: StartedRequest): Stream {
  const { constructor } = stream;
  const noted: unknown = Reflect.construct(constructor, [
    (subscriber: Subscriber) =>
      stream.subscribe({
        next: (value) => subscriber.next(value),
        error: (error) => {
          started.fail(error);
          subscriber.error(error);
        },
        complete: () => subscriber.complete(),
      }),
  ]);
  return isStream(noted) ? noted : stream;
}

function isStream(value: unknown): value is Stream {
  return typeof value === 'object' && value !== null && 'subscribe' in value;
}
