import { z } from 'zod';
import { defineRoute, jsonAnswer, type Route } from '../http/index.ts';

interface Readiness {
  /** The problems that keep the server from doing its work; empty when it is ready. */
  problems(): readonly string[];
}

/** Routes that show whether the process answers, and whether it can do its work. */
export function healthRoutes(readiness: Readiness): Route[] {
  return [liveRoute(), readyRoute(readiness)];
}

function liveRoute(): Route {
  return defineRoute({
    method: 'GET',
    path: '/livez',
    summary: 'The process answers',
    permission: undefined,
    answer: jsonAnswer(z.object({ status: z.literal('live') })),
    handle: () => ({ status: 'live' as const }),
  });
}

function readyRoute(readiness: Readiness): Route {
  return defineRoute({
    method: 'GET',
    path: '/readyz',
    summary: 'Events can be stored: 503 with the reasons when nothing can be written',
    permission: undefined,
    answer: jsonAnswer(z.object({ status: z.enum(['ready', 'unready']), problems: z.array(z.string()) })),
    handle({ reply }) {
      const problems = readiness.problems();
      const ready = problems.length === 0;
      void reply.code(ready ? 200 : 503);
      const status = ready ? ('ready' as const) : ('unready' as const);
      return { status, problems };
    },
  });
}
