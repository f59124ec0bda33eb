import type { AnyPack, CloseReason } from '@bitacora/pack-kit';
import type { FollowedEntry } from '../ledger/index.ts';

/** The effect of an event on a session. */
export type SessionStep = { kind: 'open' } | { kind: 'touch' } | { kind: 'close'; reason: CloseReason };

/**
 * The action with which an administrator closes a session. Its target is the session, by the id of the event that opened
 * it.
 */
export const administratorCloses = 'session.closed';
export const sessionTargetType = 'session';

/** A function that returns the effect of an entry on a session, by the core's own action names and those of packs. */
export function sessionSteps(packs: readonly AnyPack[]): (entry: FollowedEntry) => SessionStep | undefined {
  const open = new Set([
    'session.login',
    'session.start',
    ...packs.flatMap((pack) => pack.sessions?.open ?? []),
  ]);
  const close = new Map<string, CloseReason>([
    ['session.logout', 'logout'],
    ['session.end', 'logout'],
    ['session.expired', 'expiry'],
    [administratorCloses, 'administrator'],
    ...packs.flatMap((pack) => Object.entries(pack.sessions?.close ?? {})),
  ]);
  return ({ open: event }) => {
    const reason = close.get(event.action);
    if (reason !== undefined) return event.outcome === 'failure' ? undefined : { kind: 'close', reason };
    if (event.sessionId === undefined) return undefined;
    // A login that failed opens no session, even when the host gave the attempt a session id.
    if (open.has(event.action)) return event.outcome === 'failure' ? undefined : { kind: 'open' };
    return { kind: 'touch' };
  };
}
