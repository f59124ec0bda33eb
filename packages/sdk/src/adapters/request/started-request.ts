import type { Audit } from '../../audit.ts';
import {
  currentContext,
  extendContext,
  keepContext,
  withContext,
  type AuditContext,
} from '../../context/audit-context.ts';
import { captureQuietly } from './capture-quietly.ts';
import { consequencesOf } from './consequences.ts';
import { contextWithRequest, type CurrentRequest } from './current-request.ts';
import { actorFrom, createAsk, type Ask } from './host-answers.ts';
import type { Answer, IncomingRequest } from './incoming-request.ts';
import { pathOf } from './recordable-url.ts';
import { anonymous } from './request-context.ts';
import { requestEvent } from './request-event.ts';
import type { RequestOptions, RequestPolicy } from './request-options.ts';
import type { SessionRules } from './session-rules.ts';

/** A request under way. Its functions throw only the errors of the host's functions that they run. */
export interface StartedRequest {
  /** Runs the application's own code inside the request's context; returns what it returns. */
  run<Result>(next: () => Result): Result;
  /** Runs `next` in the request's context again, when a framework has left it. */
  resume<Result>(next: () => Result): Result;
  /** Asks the host for the actor again, for the events that are captured from now on. */
  identify(): void;
  /** Notes the error of a handler. */
  fail(error: unknown): void;
  /** To be called when the answer has ended. Only the first call counts. */
  finish(read: () => Answer): void;
}

/** The parts that all requests of an application share. */
export interface RequestAuditParts<Host> {
  readonly audit: Audit;
  readonly options: RequestOptions<Host>;
  readonly isExcluded: (url: string) => boolean;
  readonly contextOf: (
    request: IncomingRequest,
    host: { readonly host: Host; readonly ask: Ask },
  ) => AuditContext;
  readonly sessionEventOf: SessionRules<Host>;
  readonly defaultPolicy: RequestPolicy;
}

export function startRequest<Host>(
  parts: RequestAuditParts<Host>,
  { incoming, host }: { readonly incoming: IncomingRequest; readonly host: Host },
): StartedRequest {
  const { options } = parts;
  const startedAt = performance.now();
  const asking = createAsk();
  const { ask } = asking;
  const { identity } = incoming;
  const current: CurrentRequest = { identity, policy: undefined, hasSessionEvent: false };
  let resume: StartedRequest['resume'] = (next) => next();
  let thrown: { readonly error: unknown } | undefined;
  let isOver = false;

  function identify(): void {
    if (options.actorOf === undefined || currentContext().actor !== anonymous) return;
    const actor = actorFrom(ask('actorOf', () => options.actorOf?.(host)));
    if (actor !== undefined) extendContext({ actor });
  }

  function record(read: () => Answer): void {
    identify();
    const answer = ask('answer', read) ?? { status: undefined };
    const { method, url } = incoming;
    const facts = { method, path: pathOf(url), url, route: answer.route, status: answer.status };
    const own = ask('policyOf', () => options.policyOf?.(host, facts));
    const policy =
      own || current.policy ? { ...parts.defaultPolicy, ...own, ...current.policy } : parts.defaultPolicy;
    const durationMs = Math.round((performance.now() - startedAt) * 1_000) / 1_000;
    const session = parts.sessionEventOf(host, { facts, current, ask });
    const outcome = { answer, thrown, policy, durationMs, session, ...asking };
    const events = consequencesOf(facts, outcome);
    if (policy.record !== false) events.unshift(requestEvent(facts, outcome));
    for (const event of events) captureQuietly(parts.audit, event);
  }

  return {
    run(next) {
      const context = ask('context', () => parts.contextOf(incoming, { host, ask }));
      return withContext(contextWithRequest(context ?? {}, current), () => {
        resume = keepContext();
        return next();
      });
    },
    resume: (next) => resume(next),
    identify: () => resume(identify),
    fail(error) {
      thrown ??= { error };
    },
    finish(read) {
      if (isOver) return;
      isOver = true;
      if (!parts.isExcluded(incoming.url)) ask('record', () => resume(() => record(read)));
    },
  };
}

/** The request for a middleware that is in a chain twice: only the outer one records the request. */
export const alreadyStarted: StartedRequest = Object.freeze({
  run: <Result>(next: () => Result) => next(),
  resume: <Result>(next: () => Result) => next(),
  identify: () => undefined,
  fail: () => undefined,
  finish: () => undefined,
});
