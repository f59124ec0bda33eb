import type { FollowedEntry, TenantKeys } from '../ledger/index.ts';
import { sessionTargetType, type SessionStep } from './session-events.ts';
import type { SessionRow } from './session-row.ts';

/** An entry that opens, touches or closes a session, and the session that it names. */
export interface SessionEntry {
  entry: FollowedEntry;
  step: SessionStep;
  /** The token of the host's session id; undefined when the event names the session only as its target. */
  token: Buffer | undefined;
  /** The id of the session that is the target. */
  target: string | undefined;
}

/** The entries that belong to a session. */
export function sessionEntries(
  entries: readonly FollowedEntry[],
  options: { stepOf: (entry: FollowedEntry) => SessionStep | undefined; tenantKeys: TenantKeys },
): SessionEntry[] {
  return entries.flatMap((entry) => {
    const step = options.stepOf(entry);
    if (!step) return [];
    const { sessionId, targets } = entry.open;
    const target = step.kind === 'close' ? targets?.[0] : undefined;
    const token = sessionId === undefined ? undefined : options.tenantKeys.sessionToken(sessionId);
    const named =
      target?.type === sessionTargetType && isUuid(target.id) ? target.id.toLowerCase() : undefined;
    return token || named !== undefined ? [{ entry, step, token, target: named }] : [];
  });
}

/**
 * Applies entries, in order of their index, to sessions. Events may arrive late: a session starts with its earliest event
 * and was last seen with its latest. A closed session stays closed; when the host opens its id again, that is a new session.
 * @returns the sessions that changed
 */
export function foldSessions(
  stored: readonly SessionRow[],
  entries: readonly SessionEntry[],
  tenantKeys: TenantKeys,
): SessionRow[] {
  const byToken = new Map<string, SessionRow>();
  const byId = new Map<string, SessionRow>();
  const changed = new Set<SessionRow>();
  const remember = (row: SessionRow): void => {
    const key = row.token.toString('hex');
    if ((byToken.get(key)?.openedIndex ?? -1) < row.openedIndex) byToken.set(key, row);
    byId.set(row.id, row);
  };
  for (const row of stored) remember({ ...row });
  for (const { entry, step, token, target } of entries) {
    const existing =
      (target === undefined ? undefined : byId.get(target)) ??
      (token ? byToken.get(token.toString('hex')) : undefined);
    const again = step.kind === 'open' && entry.at > (existing?.closedAt ?? Infinity);
    const row = existing && !again ? existing : token ? opened(entry, token, tenantKeys) : undefined;
    if (!row) continue;
    if (row !== existing) remember(row);
    apply(row, entry, step);
    changed.add(row);
  }
  return [...changed];
}

function opened(entry: FollowedEntry, token: Buffer, tenantKeys: TenantKeys): SessionRow {
  const { client, id } = entry.event;
  const place = [client?.ip ?? '', client?.userAgent ?? ''];
  return {
    openedIndex: entry.index,
    id,
    token,
    actor: entry.open.actor.id,
    startedAt: entry.at,
    lastSeenAt: entry.at,
    place: place.every((part) => part === '')
      ? Buffer.alloc(0)
      : tenantKeys.mac(`place\0${place.join('\0')}`),
    closedAt: null,
    closeReason: null,
    closedIndex: null,
  };
}

function apply(row: SessionRow, { at, index }: FollowedEntry, step: SessionStep): void {
  row.startedAt = Math.min(row.startedAt, at);
  // A host may go on to report events of a session that an administrator closed. They do not open it again.
  row.lastSeenAt = Math.max(row.lastSeenAt, Math.min(at, row.closedAt ?? at));
  if (step.kind !== 'close' || row.closedAt !== null) return;
  row.closedAt = Math.max(at, row.startedAt);
  row.closeReason = step.reason;
  row.closedIndex = index;
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
