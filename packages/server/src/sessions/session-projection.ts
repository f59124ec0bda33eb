import type { AnyPack } from '@bitacora/pack-kit';
import type { Ledgers } from '../ledger/index.ts';
import type { Projection } from '../projections/index.ts';
import { foldSessions, sessionEntries } from './fold-sessions.ts';
import { sessionSteps } from './session-events.ts';
import { selectSessions, upsertSessions } from './session-row.ts';

const projectEntriesMax = 5_000;

/**
 * The projection of sessions of the hosts' users: events open, touch and close them. It stores only a keyed hash of the
 * host's session id.
 */
export function createSessions({
  ledgers,
  packs,
}: {
  ledgers: Ledgers;
  packs: readonly AnyPack[];
}): Projection {
  const stepOf = sessionSteps(packs);
  return {
    name: 'sessions',
    next: (cursor, size) => Math.min(size, cursor + projectEntriesMax),
    async project(client, ledger, range) {
      const followed = await ledgers.follow(client, ledger, range);
      if (followed.length !== range.end - range.first)
        throw new Error(`ledger ${ledger.name} lacks entries from ${range.first}`);
      const tenantKeys = ledgers.tenantKeys(ledger.tenant);
      const entries = sessionEntries(followed, { stepOf, tenantKeys });
      if (entries.length === 0) return;
      const tokens = new Map(entries.flatMap(({ token }) => (token ? [[token.toString('hex'), token]] : [])));
      const ids = new Set(entries.flatMap(({ target }) => (target === undefined ? [] : [target])));
      const stored = await selectSessions(client, ledger.id, { tokens: [...tokens.values()], ids: [...ids] });
      const changed = foldSessions(stored, entries, tenantKeys);
      if (changed.length > 0) await upsertSessions(client, ledger.id, changed);
    },
    async reset(client, ledger) {
      await client.query('delete from session where ledger = $1', [ledger.id]);
    },
  };
}
