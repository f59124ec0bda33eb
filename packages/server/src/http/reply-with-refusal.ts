import { problemMediaType } from './problem.ts';
import type { FastifyReply } from 'fastify';
import type { Call } from './route.ts';

/** The answer of a call that stores events: as it is, or beside the problem that explains why nothing was stored. */
export function replyWithRefusal<Answer extends object>(
  { reply, request }: Pick<Call, 'reply' | 'request'>,
  answer: Answer,
  refusal: { readonly status: number; readonly problem: object } | undefined,
): Answer | FastifyReply {
  if (!refusal) return answer;
  return reply
    .code(refusal.status)
    .type(problemMediaType)
    .send(JSON.stringify({ ...refusal.problem, correlationId: request.id, ...answer }));
}
