import type { AnyPack, CloseReason } from '@bitacora/pack-kit';
import type { FollowedEntry } from '../ledger/index.ts';

/** What an event does to a session; undefined: nothing. */
export type SessionStep = { kind: 'open' } | { kind: 'touch' } | { kind: 'close'; reason: CloseReason };

/** An administrator's closing. Its target is the session, by the id of the event that opened it. */
export const administratorCloses = 'session.closed';
export const sessionTargetType = 'session';

/** What each action does to a session: the core's own names, and those of packs. */
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
    // Who was refused has no session, whatever id the host gave the attempt.
    if (open.has(event.action)) return event.outcome === 'failure' ? undefined : { kind: 'open' };
    return { kind: 'touch' };
  };
}
