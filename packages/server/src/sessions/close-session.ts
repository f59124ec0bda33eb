import type { EventInput } from '@bitacora/event';
import { ledgerFor } from '../access/index.ts';
import { administratorCloses, sessionTargetType } from './session-events.ts';
import { session } from './read-sessions.ts';
import type { SessionContext, SessionView } from './session-views.ts';
import { storeEvents, type StoreOptions } from '../ingest/index.ts';
import { actorOf } from '../ingest/index.ts';
import type { Call } from '../http/index.ts';

/**
 * Closes a session with an event in its ledger. A session that has ended stays as it is. Returns the session after the
 * change.
 */
export async function closeSession(
  call: Call,
  open: SessionView,
  {
    reason,
    options,
    context,
  }: { reason: string | undefined; options: StoreOptions; context: SessionContext },
): Promise<SessionView> {
  if (!open.active) return open;
  const event: EventInput = {
    action: administratorCloses,
    operation: 'update',
    level: 'medium',
    actor: actorOf(call.grant.caller),
    target: { type: sessionTargetType, id: open.id },
    subject: { type: open.actor.type, id: open.actor.id },
    ...(reason === undefined ? {} : { reason }),
  };
  const defaultLedger = ledgerFor(call.grant, open.ledger);
  await storeEvents(call, [{ ok: true, value: event, source: '' }], {
    defaultLedger,
    packLedgers: false,
    options,
  });
  return session(call.grant, { id: open.id }, context);
}
