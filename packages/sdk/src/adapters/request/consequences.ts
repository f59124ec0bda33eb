import type { CaptureInput } from '../../audit.ts';
import { errorOf, sharedFields, type RequestFacts, type RequestOutcome } from './request-event.ts';
import type { SessionEvent } from './session-rules.ts';

/** The further events of a request that ended: a session's event, a denied access, an error of the system. */
export function consequencesOf(
  facts: RequestFacts,
  outcome: RequestOutcome & { readonly session: SessionEvent | undefined },
): CaptureInput[] {
  const { session, thrown, answer } = outcome;
  const { status } = facts;
  const isDenied = session === undefined && (status === 401 || status === 403);
  // When a handler throws after the client has left, there is no status.
  const isError =
    (status !== undefined && status >= 500) || (thrown !== undefined && answer.aborted === true);
  const events: CaptureInput[] = [];
  if (session === undefined && !isDenied && !isError) return events;
  const shared = sharedFields(facts, outcome.policy);
  if (session !== undefined) events.push({ operation: 'execute', ...session, ...shared });
  if (isDenied)
    events.push({ action: 'access.denied', ...failure, level: 'medium', ...shared, ...errorPart(outcome) });
  if (isError)
    events.push({ action: 'system.error', ...failure, level: 'high', ...shared, ...errorPart(outcome) });
  return events;
}

const failure = { operation: 'execute', outcome: 'failure' } as const;

function errorPart(outcome: RequestOutcome): Pick<CaptureInput, 'error'> {
  const error = errorOf(outcome);
  return error === undefined ? {} : { error };
}
