import { problemMediaType } from './problem.ts';
import type { FastifyReply } from 'fastify';
import type { Call } from './route.ts';

/**
 * Sends the answer of a call that stores events. When nothing was stored, the members of the problem that explains it
 * stand beside those of the answer.
 */
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
