import type { Captured } from '@bitacora/event';
import type { Audit } from '../../audit.ts';
import { extendContext } from '../../context/audit-context.ts';
import { currentRequest } from './current-request.ts';
import { actorFrom } from './host-answers.ts';
import type { ActorInput } from './request-options.ts';

/**
 * A session's events from inside a handler, where no rule of `signIn` and `signOut` fits. Client, request and correlation
 * are those of the running request, for which the rules then make no event.
 */
export interface AuditSession {
  /**
   * From here on this actor acts in the request. `id` becomes the event's id (`uuidV7()` of `@bitacora/event`), by which
   * Bitácora names the session when it is closed. TypeError for an actor without id.
   */
  login(actor: ActorInput, more?: { readonly sessionId?: string; readonly id?: string }): Captured;
  /** `actor` is the account into which somebody tried to sign in. */
  loginFailed(more?: { readonly actor?: ActorInput; readonly reason?: string }): Captured;
  logout(): Captured;
}

export function auditSession(audit: Audit): AuditSession {
  const silenceRules = (): void => {
    const request = currentRequest();
    if (request !== undefined) request.hasSessionEvent = true;
  };
  return Object.freeze({
    login(actor: ActorInput, more: { readonly sessionId?: string; readonly id?: string } = {}) {
      const signedIn = neededActor(actor);
      silenceRules();
      const { id: _, ...session } = more;
      extendContext({ actor: signedIn, ...session });
      return audit.capture({
        ...event,
        action: 'session.login',
        outcome: 'success',
        actor: signedIn,
        ...more,
      });
    },
    loginFailed({ actor, reason }: { readonly actor?: ActorInput; readonly reason?: string } = {}) {
      silenceRules();
      return audit.capture({
        ...event,
        action: 'session.login_failed',
        outcome: 'failure',
        level: 'medium',
        ...(actor !== undefined && { actor: neededActor(actor) }),
        ...(reason !== undefined && { reason }),
      });
    },
    logout() {
      silenceRules();
      return audit.capture({ ...event, action: 'session.logout', outcome: 'success' });
    },
  });
}

const event = { operation: 'execute' } as const;

function neededActor(actor: ActorInput): NonNullable<ReturnType<typeof actorFrom>> {
  const checked = actorFrom(actor);
  if (checked === undefined) throw new TypeError('auditSession: an actor needs an id');
  return checked;
}
