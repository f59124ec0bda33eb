import type { Plan, Refused } from './read.ts';

/** Whether a plan refuses the request. */
export function isRefused(plan: Plan | Refused): plan is Refused {
  return 'refused' in plan && 'code' in plan.refused;
}
