import { problemMediaType } from './problem.ts';
import type { Call } from './route.ts';

/** The answer of a call that stores events: as it is, or beside the problem that explains why nothing was stored. */
export function replyWithRefusal(
  { reply, request }: Call,
  answer: object,
  refusal: { readonly status: number; readonly problem: object } | undefined,
): unknown {
  if (!refusal) return answer;
  return reply
    .code(refusal.status)
    .type(problemMediaType)
    .send(JSON.stringify({ ...refusal.problem, correlationId: request.id, ...answer }));
}
