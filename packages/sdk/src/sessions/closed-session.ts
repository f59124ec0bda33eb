import type { Actor, Client } from '@bitacora/event';

export type CloseReason = 'logout' | 'expiry' | 'administrator';

/** A session that an event closed, as `GET /v1/sessions/closed` and the webhook describe it. */
export interface ClosedSession {
  /** The id of the event that opened the session: of the host's own `session.login`. */
  readonly id: string;
  readonly ledger: string;
  readonly index: number;
  /**
   * The host's own id of the session. It is a keyed hash when a pack says that these ids are secrets, and null when the event
   * was removed.
   */
  readonly sessionId: string | null;
  readonly actor: Actor;
  readonly client: Client;
  readonly startedAt: string;
  readonly lastSeenAt: string;
  readonly closedAt: string;
  readonly closeReason: CloseReason;
  readonly durationMs: number;
}

export interface ClosedPage {
  readonly sessions: readonly ClosedSession[];
  /** The position from which the next question goes on. */
  readonly next: string;
}

/** Reads the server's answer. Throws TypeError for any other text. */
export function readClosedPage(body: Buffer): ClosedPage {
  const answer: unknown = JSON.parse(body.toString('utf8'));
  if (
    typeof answer === 'object' &&
    answer !== null &&
    'next' in answer &&
    typeof answer.next === 'string' &&
    'sessions' in answer &&
    Array.isArray(answer.sessions) &&
    answer.sessions.every(isClosedSession)
  )
    return { sessions: answer.sessions, next: answer.next };
  throw new TypeError('the answer holds no closed sessions');
}

function isClosedSession(value: unknown): value is ClosedSession {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'closeReason' in value &&
    typeof value.closeReason === 'string'
  );
}
