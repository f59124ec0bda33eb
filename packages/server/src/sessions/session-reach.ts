import { hostIdOf, type Grant } from '../access/index.ts';

/**
 * The actors whose sessions a grant reaches; null for all actors. A session belongs to its actor, not to a module or
 * subject.
 */
export function ownActors({ reach }: Grant, pseudonym: (id: string) => string): readonly string[] | null {
  if (reach.kind === 'all') return null;
  const hostId = hostIdOf(reach) ?? '';
  return hostId === '' ? [] : [hostId, pseudonym(hostId)];
}
