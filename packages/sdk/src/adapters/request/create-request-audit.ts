import type { Audit } from '../../audit.ts';
import { currentContext, extendContext, keepContext, withContext } from '../../context/audit-context.ts';
import { captureQuietly } from './capture-quietly.ts';
import { contextWithRequest, currentRequest, type CurrentRequest } from './current-request.ts';
import { consequencesOf } from './consequences.ts';
import { createExclusion } from './excluded-paths.ts';
import { actorFrom, createAsk } from './host-answers.ts';
import type { Answer, IncomingRequest } from './incoming-request.ts';
import { anonymous, createRequestContext } from './request-context.ts';
import { requestEvent } from './request-event.ts';
import type { RequestOptions, RequestPolicy } from './request-options.ts';
import { createSessionRules } from './session-rules.ts';
import { pathOf } from './recordable-url.ts';

/** Records the requests of one application. The adapter of a framework says when each starts, fails and is over. */
export interface RequestAudit<Host> {
  start(incoming: IncomingRequest, host: Host): StartedRequest;
}

/** A request under way. Nothing here throws but what the function that it runs throws. */
export interface StartedRequest {
  /** Runs the application's own code inside the request's context; returns what it returns. */
  run<Result>(next: () => Result): Result;
  /** Runs `next` in that context again, where a framework has left it. */
  resume<Result>(next: () => Result): Result;
  /** Asks again who acts, for what is captured from here on. */
  identify(): void;
  /** What a handler threw. */
  fail(error: unknown): void;
  /** The answer is over. Counts once. */
  finish(read: () => Answer): void;
}

/** TypeError for options that cannot work. */
export function createRequestAudit<Host>(
  audit: Audit,
  options: RequestOptions<Host> = {},
): RequestAudit<Host> {
  const isExcluded = createExclusion(options.exclude);
  const contextOf = createRequestContext(options);
  const sessionEventOf = createSessionRules(options);
  const always: RequestPolicy = { captureBody: options.captureBody === true };

  function start(incoming: IncomingRequest, host: Host): StartedRequest {
    if (currentRequest()?.identity === incoming.identity) return alreadyStarted;
    const startedAt = performance.now();
    const asking = createAsk();
    const current: CurrentRequest = {
      identity: incoming.identity,
      policy: undefined,
      hasSessionEvent: false,
    };
    let resume: StartedRequest['resume'] = (next) => next();
    let thrown: { readonly error: unknown } | undefined;
    let isOver = false;

    function identify(): void {
      if (options.actorOf === undefined || currentContext().actor !== anonymous) return;
      const actor = actorFrom(asking.ask('actorOf', () => options.actorOf?.(host)));
      if (actor !== undefined) extendContext({ actor });
    }

    function record(read: () => Answer): void {
      identify();
      const answer = asking.ask('answer', read) ?? { status: undefined };
      const { method, url } = incoming;
      const facts = { method, path: pathOf(url), url, route: answer.route, status: answer.status };
      const chosen = asking.ask('policyOf', () => options.policyOf?.(host, facts));
      const policy = chosen || current.policy ? { ...always, ...chosen, ...current.policy } : always;
      const durationMs = Math.round((performance.now() - startedAt) * 1_000) / 1_000;
      const session = sessionEventOf(host, { facts, current, ask: asking.ask });
      const outcome = { answer, thrown, policy, durationMs, session, ...asking };
      const events = consequencesOf(facts, outcome);
      if (policy.record !== false) events.unshift(requestEvent(facts, outcome));
      for (const event of events) captureQuietly(audit, event);
    }

    return {
      run(next) {
        const context = asking.ask('context', () => contextOf(incoming, { host, ask: asking.ask }));
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
        if (!isExcluded(incoming.url)) asking.ask('record', () => resume(() => record(read)));
      },
    };
  }

  return Object.freeze({ start });
}

/** Of a middleware that stands twice in one chain: the outer one records. */
const alreadyStarted: StartedRequest = Object.freeze({
  run: <Result>(next: () => Result) => next(),
  resume: <Result>(next: () => Result) => next(),
  identify: () => undefined,
  fail: () => undefined,
  finish: () => undefined,
});
