import type { CaptureInput } from '../../audit.ts';
import { currentContext } from '../../context/audit-context.ts';
import type { CurrentRequest } from './current-request.ts';
import { actorFrom, type Ask } from './host-answers.ts';
import { anonymous } from './request-context.ts';
import type { RequestFacts } from './request-event.ts';
import type { RequestOptions, SessionRule, SignInRule } from './request-options.ts';

interface EndedRequest {
  readonly facts: RequestFacts;
  readonly current: CurrentRequest;
  readonly ask: Ask;
}

/** The session's event of a request, without the fields that all events of the request share. */
export type SessionEvent = Pick<CaptureInput, 'outcome' | 'level' | 'actor'> & {
  readonly action: 'session.login' | 'session.login_failed' | 'session.logout';
};

/** Returns the event of a request that changed its session; undefined when it did not. */
export type SessionRules<Host> = (host: Host, ended: EndedRequest) => SessionEvent | undefined;

/** Makes the function that applies the host's rules for signing in and out. */
export function createSessionRules<Host>(
  options: Pick<RequestOptions<Host>, 'signIn' | 'signOut'>,
): SessionRules<Host> {
  const signIns = listOf(options.signIn);
  const signOuts = listOf(options.signOut);
  for (const { path } of [...signIns, ...signOuts])
    if (!path.startsWith('/')) throw new TypeError(`signIn, signOut: ${path}: a path starts with /`);

  return (host, { facts, current, ask }) => {
    const { status } = facts;
    // Without an answer, or after a failure of the server, the state of the session is unknown.
    if (current.hasSessionEvent || status === undefined || status >= 500) return undefined;
    const signIn = signIns.find((rule) => matches(rule, facts));
    if (signIn !== undefined) return signInEvent(signIn, { host, status, ask });
    if (status < 400 && signOuts.some((rule) => matches(rule, facts)))
      return { action: 'session.logout', outcome: 'success' };
    return undefined;
  };
}

function signInEvent<Host>(
  rule: SignInRule<Host>,
  { host, status, ask }: { readonly host: Host; readonly status: number; readonly ask: Ask },
): SessionEvent {
  const { succeeded, actorOf } = rule;
  const isSuccess = succeeded ? ask('signIn.succeeded', () => succeeded(host, status)) : status < 400;
  // After a success the actor comes from the authentication; after a failure it is the name that was typed in.
  const asksHost = actorOf && (isSuccess !== true || currentContext().actor === anonymous);
  const actor = asksHost ? actorFrom(ask('signIn.actorOf', () => actorOf(host))) : undefined;
  const by = actor === undefined ? {} : { actor };
  return isSuccess === true
    ? { action: 'session.login', outcome: 'success', ...by }
    : { action: 'session.login_failed', outcome: 'failure', level: 'medium', ...by };
}

function matches(rule: SessionRule, { method, path, route }: RequestFacts): boolean {
  if ((rule.method ?? 'POST').toUpperCase() !== method) return false;
  const wanted = plain(rule.path);
  return plain(path) === wanted || (route !== undefined && plain(route) === wanted);
}

function plain(path: string): string {
  return path.toLowerCase().replace(/\/+$/, '');
}

function listOf<Rule>(rules: Rule | readonly Rule[] | undefined): readonly Rule[] {
  if (rules === undefined) return [];
  return isList(rules) ? rules : [rules];
}

function isList<Rule>(rules: Rule | readonly Rule[]): rules is readonly Rule[] {
  return Array.isArray(rules);
}
