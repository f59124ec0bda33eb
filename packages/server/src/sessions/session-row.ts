import type { CloseReason } from '@bitacora/pack-kit';
import type { Client } from '../storage/index.ts';

/** A session as it is stored; times in ms. */
export interface SessionRow {
  openedIndex: number;
  /** The id of the event that opened it. */
  id: string;
  /** Keyed hash of the host's session id. */
  token: Buffer;
  actor: string;
  /** Keyed hash of the address and the user agent from which it was opened; empty when the event has neither. */
  place: Buffer;
  startedAt: number;
  lastSeenAt: number;
  closedAt: number | null;
  closeReason: CloseReason | null;
  closedIndex: number | null;
}

export const sessionColumns = `opened_index as "openedIndex", id, token, actor, place, started_at as "startedAt",
  last_seen_at as "lastSeenAt", closed_at as "closedAt", close_reason as "closeReason", closed_index as "closedIndex"`;

/**
 * The newest session of each token, and the sessions with the ids. Each of the two statements asks for all tokens or ids at
 * once: before the table has statistics the planner may scan the ledger's sessions, and then it scans them once and not
 * once for each token.
 */
export async function selectSessions(
  client: Client,
  ledger: number,
  wanted: { tokens: readonly Buffer[]; ids: readonly string[] },
): Promise<SessionRow[]> {
  const newest = await client.query<SessionRow>({
    name: 'sessions-of-tokens',
    text: `select distinct on (token) ${sessionColumns} from session
       where ledger = $1 and token = any($2::bytea[]) order by token, opened_index desc`,
    values: [ledger, wanted.tokens],
  });
  if (wanted.ids.length === 0) return newest.rows;
  const idsOfTokens = new Set(newest.rows.map(({ id }) => id));
  const byId = await client.query<SessionRow>({
    name: 'sessions-of-ids',
    text: `select ${sessionColumns} from session where ledger = $1 and id = any($2::uuid[])`,
    values: [ledger, wanted.ids],
  });
  return [...newest.rows, ...byId.rows.filter(({ id }) => !idsOfTokens.has(id))];
}

export async function upsertSessions(
  client: Client,
  ledger: number,
  rows: readonly SessionRow[],
): Promise<void> {
  const column = <Key extends keyof SessionRow>(key: Key): SessionRow[Key][] => rows.map((row) => row[key]);
  const times = (key: 'startedAt' | 'lastSeenAt' | 'closedAt'): (string | null)[] =>
    rows.map(({ [key]: at }) => (at === null ? null : new Date(at).toISOString()));
  await client.query({
    name: 'upsert-sessions',
    text: `insert into session as s (ledger, opened_index, id, token, actor, place, started_at, last_seen_at, closed_at,
         close_reason, closed_index)
       select $1, * from unnest($2::bigint[], $3::uuid[], $4::bytea[], $5::text[], $6::bytea[], $7::timestamptz[],
         $8::timestamptz[], $9::timestamptz[], $10::text[], $11::bigint[])
       on conflict (ledger, opened_index) do update set started_at = excluded.started_at,
         last_seen_at = excluded.last_seen_at, closed_at = excluded.closed_at, close_reason = excluded.close_reason,
         closed_index = excluded.closed_index`,
    values: [
      ledger,
      column('openedIndex'),
      column('id'),
      column('token'),
      column('actor'),
      column('place'),
      times('startedAt'),
      times('lastSeenAt'),
      times('closedAt'),
      column('closeReason'),
      column('closedIndex'),
    ],
  });
}
