import type { EventInput } from '@bitacora/event';
import { ledgerFor } from '../access/index.ts';
import { administratorCloses, sessionTargetType } from '../projections/index.ts';
import { session, type SessionContext, type SessionView } from '../read/index.ts';
import { storeEvents, type IngestCallOptions } from './ingest-call.ts';
import { actorOf } from './report-act.ts';
import type { Call } from './route.ts';

/** Closes a session by an event of its ledger; one that has ended stays as it is. The session as it is then. */
export async function closeSession(
  call: Call,
  open: SessionView,
  {
    reason,
    options,
    context,
  }: { reason: string | undefined; options: IngestCallOptions; context: SessionContext },
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
  const chosen = ledgerFor(call.grant, open.ledger);
  await storeEvents(call, [{ ok: true, value: event, source: '' }], { chosen, packLedgers: false, options });
  return session(call.grant, { id: open.id }, context);
}
