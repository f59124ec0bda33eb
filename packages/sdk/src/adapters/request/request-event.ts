import { limits, type EventInput, type Operation, type Target } from '@bitacora/event';
import type { CaptureInput } from '../../audit.ts';
import { cleanText, shortText } from './clean-text.ts';
import type { Ask } from './host-answers.ts';
import type { Answer } from './incoming-request.ts';
import { recordable, recordableMembers } from './recordable.ts';
import { queryOf, recordableUrl } from './recordable-url.ts';
import { methodOf } from './request-context.ts';
import { requestLimits } from './request-limits.ts';
import type { RequestPolicy, RouteFacts } from './request-options.ts';

export interface RequestFacts extends RouteFacts {
  readonly url: string;
}

/** The facts about a request that has ended. */
export interface RequestOutcome {
  readonly answer: Answer;
  readonly thrown: { readonly error: unknown } | undefined;
  readonly policy: RequestPolicy;
  readonly durationMs: number;
  readonly ask: Ask;
}

const operationOfMethod: ReadonlyMap<string, Operation> = new Map([
  ['GET', 'read'],
  ['HEAD', 'read'],
  ['OPTIONS', 'read'],
  ['TRACE', 'read'],
  ['PROPFIND', 'read'],
  ['SEARCH', 'read'],
  ['QUERY', 'read'],
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'update'],
  ['DELETE', 'delete'],
]);

/** The event of a request: what the client asked for, the outcome and the duration. */
export function requestEvent(
  facts: RequestFacts,
  outcome: RequestOutcome & { readonly failed: () => readonly string[] },
): CaptureInput {
  const { policy, durationMs } = outcome;
  const { action = 'http.request', operation, level, module, tags, sensitive, reviewRequired } = policy;
  const error = errorOf(outcome);
  const attributes = attributesOf(facts, outcome);
  const event: Mutable<CaptureInput> = {
    action,
    operation: operation ?? operationOfMethod.get(facts.method) ?? 'execute',
    outcome: succeeded(outcome) ? 'success' : 'failure',
    durationMs,
    ...sharedFields(facts, policy),
  };
  if (error !== undefined) event.error = error;
  if (attributes !== undefined) event.attributes = attributes;
  if (level !== undefined) event.level = level;
  if (module !== undefined) event.module = module;
  if (tags !== undefined) event.tags = tags;
  if (sensitive !== undefined) event.sensitive = sensitive;
  if (reviewRequired !== undefined) event.reviewRequired = reviewRequired;
  return event;
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** The fields that the event of the request and those that follow from it share. */
export function sharedFields(
  facts: RequestFacts,
  policy: RequestPolicy,
): Pick<CaptureInput, 'request' | 'targets'> {
  const { status, method } = facts;
  const target = policy.target ?? routeTarget(facts);
  const isStatus = status !== undefined && status >= 100 && status <= 599;
  const sent = { method: methodOf(method), url: recordableUrl(facts.url) };
  const request = isStatus ? { ...sent, status } : sent;
  return target === undefined ? { request } : { request, targets: [target] };
}

/** The error of a handler, or an error when the answer did not end; undefined when neither happened. */
export function errorOf({ thrown, answer }: RequestOutcome): EventInput['error'] | undefined {
  if (thrown !== undefined) return errorFrom(thrown.error);
  if (answer.aborted !== true) return undefined;
  return { code: 'aborted', message: 'the connection ended before the answer did' };
}

function errorFrom(error: unknown): EventInput['error'] {
  try {
    if (!(error instanceof Error))
      return { message: shortText(String(error), requestLimits.errorLengthMaxChars) };
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
    return {
      code: cleanText(String(code).slice(0, limits.wordLengthMaxChars)),
      message: shortText(String(error.message), requestLimits.errorLengthMaxChars),
    };
  } catch {
    return { message: 'something that cannot be read was thrown' };
  }
}

function succeeded({ answer }: RequestOutcome): boolean {
  return answer.aborted !== true && answer.status !== undefined && answer.status < 400;
}

/** The target is the route's pattern: the path itself may name persons, and a target's id is kept as long as the entry. */
function routeTarget({ route }: RequestFacts): Target | undefined {
  return route === undefined || route === ''
    ? undefined
    : { type: 'route', id: cleanText(route.slice(0, limits.idLengthMaxChars)) };
}

/** The client's input is below one key, so that a pack can declare all of it personal by one path. */
function attributesOf(
  facts: RequestFacts,
  { answer, policy, ask, failed }: RequestOutcome & { readonly failed: () => readonly string[] },
): EventInput['attributes'] | undefined {
  const { params } = answer;
  const query = queryOf(facts.url);
  const hasParameters = query !== undefined || isFilled(params);
  const kept = hasParameters && ask('parameters', () => recordableMembers(parametersOf(query, params)));
  const body = policy.captureBody === true ? ask('body', () => recordable(answer.body?.())) : undefined;
  const failedNames = failed();
  if (kept === false && body === undefined && failedNames.length === 0) return undefined;
  const http = {
    ...kept,
    ...(body !== undefined && { body }),
    ...(failedNames.length > 0 && { failed: failedNames }),
  };
  return Object.keys(http).length === 0 ? undefined : { http };
}

function parametersOf(query: object | undefined, params: unknown): object {
  return { ...(query && { query }), ...(isFilled(params) && { params }) };
}

function isFilled(params: unknown): boolean {
  return typeof params === 'object' && params !== null && Object.keys(params).length > 0;
}
