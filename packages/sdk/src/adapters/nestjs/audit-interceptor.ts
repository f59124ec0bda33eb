import { currentRequest, describeRequest } from '../request/current-request.ts';
import type { StartedRequest } from '../request/started-request.ts';
import { policyOfHandler } from './audited.ts';

interface Subscriber {
  next(value: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

/** The parts of RxJS's Observable that are used. */
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
 * Runs between the guards and the handlers. It asks who acts once the guards know, adds what `@Audited` says about the handler,
 * and notes what the handler throws. `startedOf` finds the request under way by Nest's request.
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
        // A later call of `describeRequest` in the handler overrides this.
        if (policy !== undefined && currentRequest() !== undefined) describeRequest(policy);
      });
      return noteErrors(next.handle(), started);
    },
  });
}

/** Passes the stream on and notes its error. RxJS belongs to the host, so the class is taken from the stream itself. */
function noteErrors(stream: Stream, started: StartedRequest): Stream {
  const { constructor } = stream;
  const watched: unknown = Reflect.construct(constructor, [
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
  return isStream(watched) ? watched : stream;
}

function isStream(value: unknown): value is Stream {
  return typeof value === 'object' && value !== null && 'subscribe' in value;
}
