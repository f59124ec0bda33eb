import type { CaptureInput } from '../../audit.ts';
import { errorOf, parts, type RequestFacts, type RequestOutcome } from './request-event.ts';
import type { SessionEvent } from './session-rules.ts';

/** What follows from how a request ended, beside its own event: a session's event, a denied access, an error of the system. */
export function consequencesOf(
  facts: RequestFacts,
  outcome: RequestOutcome & { readonly session: SessionEvent | undefined },
): CaptureInput[] {
  const { session, thrown, answer } = outcome;
  const { status } = facts;
  const isDenied = session === undefined && (status === 401 || status === 403);
  // A handler that throws after the client has left never gets to a status.
  const isError =
    (status !== undefined && status >= 500) || (thrown !== undefined && answer.aborted === true);
  const events: CaptureInput[] = [];
  if (session === undefined && !isDenied && !isError) return events;
  const shared = parts(facts, outcome.policy);
  if (session !== undefined) events.push({ operation: 'execute', ...session, ...shared });
  if (isDenied)
    events.push({ action: 'access.denied', ...failed, level: 'medium', ...shared, ...errorPart(outcome) });
  if (isError)
    events.push({ action: 'system.error', ...failed, level: 'high', ...shared, ...errorPart(outcome) });
  return events;
}

const failed = { operation: 'execute', outcome: 'failure' } as const;

function errorPart(outcome: RequestOutcome): Pick<CaptureInput, 'error'> {
  const error = errorOf(outcome);
  return error === undefined ? {} : { error };
}
