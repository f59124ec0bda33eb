import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { AuditError } from '../audit-error.ts';
import { olderMember } from './older-member.ts';
import { problemMediaType, problemOf } from './problem.ts';

/** Answers an error as a problem (RFC 9457). Errors that are our own fault (5xx) are also logged. */
export function sendProblem(
  error: unknown,
  call: { request: FastifyRequest; reply: FastifyReply; logger: Logger },
): FastifyReply {
  const { request, reply } = call;
  const detailOfPack = error instanceof AuditError && error.detailOfPack;
  const { problem, retryAfterSeconds } = problemOf(error, request.id);
  if (problem.status >= 500) call.logger.error({ correlationId: request.id, err: error }, problem.title);
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
  return reply
    .code(problem.status)
    .type(problemMediaType)
    .send(JSON.stringify({ ...problem, ...olderMember(request, problem, { detailOfPack }) }));
}
