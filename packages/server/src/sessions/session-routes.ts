import { closeReasons } from '@bitacora/pack-kit';
import { z } from 'zod';
import { defineRoute, jsonAnswer, queryShapes, type Route } from '../http/index.ts';
import type { StoreOptions } from '../ingest/index.ts';
import { closeSession } from './close-session.ts';
import { closedSessions, concurrentSessions, session, sessionLimits, sessions } from './read-sessions.ts';
import { sessionPatterns } from './session-patterns.ts';
import type { SessionContext } from './session-views.ts';

const { text, flag } = queryShapes;
const party = z.record(z.string(), z.unknown());
const limit = queryShapes.wholeNumber(sessionLimits.max).optional();
const idParams = z.object({ id: z.string() });
const record = { action: 'session.search' };
const sessionView = z.object({
  id: z.string(),
  ledger: z.string(),
  index: z.int(),
  sessionId: z.string().nullable(),
  actor: party,
  client: party,
  startedAt: z.string(),
  lastSeenAt: z.string(),
  active: z.boolean(),
  closedAt: z.string().nullable(),
  closeReason: z.enum(closeReasons).nullable(),
  durationMs: z.int(),
});

/** Sessions of the hosts' users. */
export function sessionRoutes(options: StoreOptions & { context: SessionContext }): Route[] {
  const { context } = options;
  return [
    sessionsRoute(context),
    closedRoute(context),
    concurrentRoute(context),
    patternsRoute(context),
    sessionRoute(context),
    closeRoute(options),
  ];
}

function sessionsRoute(context: SessionContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/sessions',
    summary: "Sessions of the hosts' users, those that began last first",
    permission: 'read',
    record,
    query: z.object({
      active: flag.optional(),
      actor: text.optional(),
      ledger: text.optional(),
      limit,
      cursor: text.optional(),
      count: flag.optional(),
    }),
    answer: jsonAnswer(
      z.object({ sessions: z.array(sessionView), next: z.string().nullable(), count: z.int().optional() }),
    ),
    handle: ({ grant, query }) => sessions(grant, query, context),
  });
}

function closedRoute(context: SessionContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/sessions/closed',
    summary:
      'Sessions closed since an earlier answer (`since` is its `next`; `now`: from here on), which the host has to end',
    permission: 'read',
    record,
    query: z.object({ since: text.optional(), limit }),
    answer: jsonAnswer(z.object({ sessions: z.array(sessionView), next: z.string() })),
    handle: ({ grant, query }) => closedSessions(grant, query, context),
  });
}

function concurrentRoute(context: SessionContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/sessions/concurrent',
    summary: 'Actors with active sessions from different addresses or agents',
    permission: 'read',
    record,
    query: z.object({ actor: text.optional(), ledger: text.optional() }),
    answer: jsonAnswer(
      z.object({ actors: z.array(z.object({ actor: party, sessions: z.array(sessionView) })) }),
    ),
    handle: ({ grant, query }) => concurrentSessions(grant, query, context),
  });
}

function patternsRoute(context: SessionContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/sessions/patterns',
    summary: 'Sessions per hour and weekday (Monday first) of the time zone, and their mean duration',
    permission: 'read',
    record,
    query: z.object({
      actor: text.optional(),
      from: text.optional(),
      to: text.optional(),
      ledger: text.optional(),
    }),
    answer: jsonAnswer(
      z.object({
        count: z.int(),
        hours: z.array(z.int()),
        weekdays: z.array(z.int()),
        meanDurationMs: z.int().nullable(),
      }),
    ),
    handle: ({ grant, query }) => sessionPatterns(grant, query, context),
  });
}

function sessionRoute(context: SessionContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/sessions/{id}',
    summary: 'One session, by the id of the event that opened it',
    permission: 'read',
    record,
    params: idParams,
    answer: jsonAnswer(sessionView),
    handle: ({ grant, params }) => session(grant, { id: params.id }, context),
  });
}

function closeRoute(options: StoreOptions & { context: SessionContext }): Route {
  const { context } = options;
  return defineRoute({
    method: 'POST',
    path: '/v1/sessions/{id}/close',
    summary:
      'Close a session with an event in its ledger; the host learns of it by asking for closed sessions',
    permission: 'users.manage',
    params: idParams,
    query: z.object({ reason: text.optional() }),
    answer: jsonAnswer(sessionView),
    async handle(call) {
      const view = await session(call.grant, { id: call.params.id }, context);
      return closeSession(call, view, { reason: call.query.reason, options, context });
    },
  });
}
