import { olderMember } from './older-member.ts';
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
  refusal: { readonly status: number; readonly problem: Parameters<typeof olderMember>[1] } | undefined,
): Answer | FastifyReply {
  if (!refusal) return answer;
  return reply
    .code(refusal.status)
    .type(problemMediaType)
    .send(
      JSON.stringify({
        ...refusal.problem,
        ...olderMember(request, refusal.problem),
        correlationId: request.id,
        ...answer,
      }),
    );
}
