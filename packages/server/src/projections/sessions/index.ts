export { administratorCloses, sessionTargetType } from './session-events.ts';
export { sessionColumns, type SessionRow } from './session-row.ts';
export { createSessions } from './sessions.ts';
