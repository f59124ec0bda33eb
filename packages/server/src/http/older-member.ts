import type { FastifyRequest } from 'fastify';
import type { Route } from './route.ts';

interface Refusal {
  readonly type: string;
  readonly title: string;
  readonly detail?: string | undefined;
  readonly parameter?: string | undefined;
}

/** Older clients of a pack read the error text from a member whose name the pack declares. */
export function olderMember(
  request: FastifyRequest,
  problem: Refusal,
  { detailOfPack = false }: { detailOfPack?: boolean } = {},
): Record<string, string> {
  const { errors } = request.routeOptions.config as { errors?: Route['errors'] };
  const declared = errors?.(request.params as Record<string, string>);
  if (!declared) return {};
  const code = problem.type.slice(problem.type.lastIndexOf(':') + 1);
  if (detailOfPack && problem.detail !== undefined) return { [declared.member]: problem.detail };
  const text = declared.texts?.[code]?.replaceAll('{parameter}', problem.parameter ?? '');
  return { [declared.member]: text ?? problem.detail ?? problem.title };
}
