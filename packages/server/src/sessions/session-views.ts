import type { CloseReason } from '@bitacora/pack-kit';
import type { Ledger } from '../access/index.ts';
import type { Actor, Client as EventClient } from '@bitacora/event';
import type { SessionRow } from './session-row.ts';
import type { Client } from '../storage/index.ts';
import { viewsAt, type ReadContext } from '../read/index.ts';

/** The dependencies of reading sessions. */
export interface SessionContext extends ReadContext {
  /** A session without an event for this time has expired. */
  sessionIdleMs: number;
  /** Waits until the sessions include all entries that were acknowledged before the call. */
  sessionsUpToDate: (ledgers: readonly Ledger[]) => Promise<void>;
}

/** A session of one of the host's users. */
export interface SessionView {
  /** The id of the event that opened it, and its place. */
  id: string;
  ledger: string;
  index: number;
  /**
   * The host's own id of the session, as the opening event shows it. It is a keyed hash when a pack says that these ids
   * are secrets.
   */
  sessionId: string | null;
  actor: Actor;
  client: EventClient;
  startedAt: string;
  lastSeenAt: string;
  active: boolean;
  closedAt: string | null;
  closeReason: CloseReason | null;
  /** From its start to its end, or to the last event seen. */
  durationMs: number;
}

export type LedgerSession = SessionRow & { ledger: number };

/** Views of sessions. Actor and client come from the opening event, so erased values are absent. */
export async function sessionViews(
  client: Client,
  rows: readonly LedgerSession[],
  { ledgers, context }: { ledgers: readonly Ledger[]; context: SessionContext },
): Promise<SessionView[]> {
  const ledgerOf = new Map(ledgers.map((ledger) => [ledger.id, ledger]));
  const places = rows.flatMap((row) => {
    const ledger = ledgerOf.get(row.ledger);
    return ledger ? [{ at: row.startedAt, ledger, index: row.openedIndex }] : [];
  });
  const events = await viewsAt(client, places, context);
  const eventOf = new Map(events.map((view) => [`${view.ledger}/${view.index}`, view.event]));
  return rows.map((row) => {
    const ledger = ledgerOf.get(row.ledger)?.name ?? '';
    const event = eventOf.get(`${ledger}/${row.openedIndex}`);
    const end = endOf(row, context);
    return {
      id: row.id,
      ledger,
      index: row.openedIndex,
      sessionId: event?.sessionId ?? null,
      actor: event?.actor ?? { type: 'user', id: row.actor },
      client: event?.client ?? {},
      startedAt: timeText(row.startedAt),
      lastSeenAt: timeText(row.lastSeenAt),
      active: end === undefined,
      closedAt: end ? timeText(end.at) : null,
      closeReason: end?.reason ?? null,
      durationMs: (row.closedAt ?? row.lastSeenAt) - row.startedAt,
    };
  });
}

/** When and why the session ended: an event closed it, or no event was seen for too long. Undefined while it is active. */
function endOf(
  { closedAt, closeReason, lastSeenAt }: SessionRow,
  { sessionIdleMs, clock }: SessionContext,
): { at: number; reason: CloseReason | null } | undefined {
  if (closedAt !== null) return { at: closedAt, reason: closeReason };
  const expiresAt = lastSeenAt + sessionIdleMs;
  return expiresAt <= clock() ? { at: expiresAt, reason: 'expiry' } : undefined;
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
