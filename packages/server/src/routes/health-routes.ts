import { z } from 'zod';
import type { Route } from '../http/index.ts';

/** Whether the process answers, and whether it can do its work. */
export function healthRoutes(health: { problems(): readonly string[] }): Route[] {
  const json = 'application/json; charset=utf-8';
  return [
    {
      method: 'GET',
      path: '/livez',
      summary: 'The process answers',
      scope: undefined,
      answer: { status: 200, mediaType: json, schema: z.object({ status: z.literal('live') }) },
      handle: () => Promise.resolve({ status: 'live' }),
    },
    {
      method: 'GET',
      path: '/readyz',
      summary: 'Events can be stored: 503 with the reasons when nothing can be written',
      scope: undefined,
      answer: {
        status: 200,
        mediaType: json,
        schema: z.object({ status: z.enum(['ready', 'unready']), problems: z.array(z.string()) }),
      },
      handle({ reply }) {
        const problems = health.problems();
        void reply.code(problems.length === 0 ? 200 : 503);
        return Promise.resolve({ status: problems.length === 0 ? 'ready' : 'unready', problems });
      },
    },
  ];
}
