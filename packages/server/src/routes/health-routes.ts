import { z } from 'zod';
import { defineRoute, jsonAnswer, type Route } from '../http/index.ts';

interface Readiness {
  /** The problems that keep the server from doing its work; empty when it is ready. `shown` is for everybody. */
  problems(): readonly { readonly shown: string; readonly detail: string }[];
  /** What an operator should look at while the server still works. */
  alarms(): readonly string[];
}

/** Routes that show whether the process answers, and whether it can do its work. */
export function healthRoutes(readiness: Readiness): Route[] {
  return [liveRoute(), readyRoute(readiness)];
}

function liveRoute(): Route {
  return defineRoute({
    method: 'GET',
    path: '/livez',
    summary: 'Whether the process answers',
    permission: undefined,
    answer: jsonAnswer(z.object({ status: z.literal('live') })),
    handle: () => ({ status: 'live' as const }),
  });
}

function readyRoute(readiness: Readiness): Route {
  return defineRoute({
    method: 'GET',
    path: '/readyz',
    summary:
      'Whether events can be stored; 503 with the reasons when not; an operator also gets names, sizes and alarms',
    permission: undefined,
    moreWith: 'operator',
    answer: jsonAnswer(
      z.object({
        status: z.enum(['ready', 'unready']),
        problems: z.array(z.string()),
        alarms: z.array(z.string()).optional(),
      }),
    ),
    handle({ grant, reply }) {
      const problems = readiness.problems();
      const ready = problems.length === 0;
      void reply.code(ready ? 200 : 503);
      const status = ready ? ('ready' as const) : ('unready' as const);
      if (!grant.permissions.has('operator'))
        return { status, problems: [...new Set(problems.map(({ shown }) => shown))] };
      return { status, problems: problems.map(({ detail }) => detail), alarms: [...readiness.alarms()] };
    },
  });
}
