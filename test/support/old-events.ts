import { uuidV7 } from '@bitacora/event';
import type { LeftEvent } from './expect-only-left.ts';

const dayMs = 86_400_000;

/** Events of the past. Most ids have the time of the event; some have the time of a clock that was ahead. */
export function oldEvents(count: number, start = 0): LeftEvent[] {
  return Array.from({ length: count }, (_, offset) => {
    const n = start + offset;
    const at = Date.now() - 100 * dayMs + n * 240_000;
    const login = n % 25 === 0;
    return {
      id: uuidV7(n % 30 === 7 ? Date.now() + dayMs : at),
      action: login ? 'session.login' : n % 2 === 0 ? 'door.open' : 'door.close',
      outcome: n % 5 === 3 ? 'failure' : 'success',
      actor: { id: `u${n % 7}`, name: `Person ${n % 7}` },
      occurredAt: new Date(n % 11 === 0 ? at - 40 * 240_000 : at).toISOString(),
      correlationId: `c${n % 90}`,
      ...(login ? { sessionId: `s${n}` } : {}),
    };
  });
}
