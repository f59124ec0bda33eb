export { closeSession } from './close-session.ts';
export { concurrentSessions, session, sessionLimits, sessions } from './read-sessions.ts';
export { sessionPatterns } from './session-patterns.ts';
export { createSessions } from './session-projection.ts';
export { sessionRoutes } from './session-routes.ts';
export type { SessionContext, SessionView } from './session-views.ts';
export { startSessionWebhook, type SessionWebhookSettings } from './session-webhook.ts';
