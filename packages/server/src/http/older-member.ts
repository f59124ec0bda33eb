import type { FastifyRequest } from 'fastify';
import type { Problem } from './problem.ts';
import type { Route } from './route.ts';

/** Older clients of a pack read the error text from a member whose name the pack declares. */
export function olderMember({ routeOptions }: FastifyRequest, problem: Problem): Record<string, string> {
  const { errors } = routeOptions.config as { errors?: Route['errors'] };
  if (!errors) return {};
  const code = problem.type.slice(problem.type.lastIndexOf(':') + 1);
  return { [errors.member]: errors.texts?.[code] ?? problem.detail ?? problem.title };
}
