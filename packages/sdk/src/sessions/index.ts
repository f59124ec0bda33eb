export type { CloseReason, ClosedSession } from './closed-session.ts';
export type { SessionCursor, WatchSessionsOptions } from './watch-sessions-options.ts';
export { watchSessions, type SessionWatch } from './watch-sessions.ts';
