import { expect, test } from 'vitest';
import { deriveTenantKeys, type FollowedEntry } from '../ledger/index.ts';
import { foldSessions, sessionEntries, type SessionEntry } from './fold-sessions.ts';
import { sessionSteps } from './session-events.ts';
import type { SessionRow } from './session-row.ts';

const tenantKeys = deriveTenantKeys(Buffer.alloc(32, 7), 1);
const stepOf = sessionSteps([]);
const actions = ['session.login', 'session.logout', 'session.closed', 'page.view', 'session.expired'];

/** Random numbers that are the same for the same seed. */
function createNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

function idOf(index: number): string {
  return `0195512f-7c80-7000-8000-${String(index).padStart(12, '0')}`;
}

function anyEntries(number: (limit: number) => number): SessionEntry[] {
  const entries = Array.from({ length: 40 }, (_, index): FollowedEntry => {
    const byTarget = number(6) === 0;
    const event = {
      id: idOf(index),
      action: byTarget ? 'session.closed' : (actions[number(actions.length)] ?? ''),
      actor: { type: 'user', id: `u${number(3)}` },
      outcome: number(5) === 0 ? 'failure' : 'success',
      client: { ip: `10.0.0.${number(3)}` },
      ...(byTarget
        ? { targets: [{ type: 'session', id: idOf(number(40)) }] }
        : { sessionId: `s${number(4)}` }),
    } as const;
    return { index, at: 1_000_000 + number(50) * 1_000, event, open: event };
  });
  return sessionEntries(entries, { stepOf, tenantKeys });
}

/** The sessions that the projection reads: the newest of each token, and those with the ids. */
function inBatches(entries: readonly SessionEntry[], sizeOf: () => number): SessionRow[] {
  const stored = new Map<number, SessionRow>();
  for (let start = 0; start < entries.length;) {
    const batch = entries.slice(start, start + sizeOf());
    start += batch.length;
    const newest = [...Map.groupBy(stored.values(), ({ token }) => token.toString('hex')).values()].flatMap(
      (rows) => rows.toSorted((a, b) => b.openedIndex - a.openedIndex).slice(0, 1),
    );
    const named = [...stored.values()].filter(({ id }) => batch.some(({ target }) => target === id));
    for (const row of foldSessions([...new Set([...newest, ...named])], batch, tenantKeys))
      stored.set(row.openedIndex, row);
  }
  return [...stored.values()].sort((a, b) => a.openedIndex - b.openedIndex);
}

test('sessions do not depend on the batches in which their events are followed', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const number = createNumbers(seed);
    const entries = anyEntries(number);
    const whole = inBatches(entries, () => entries.length);
    expect(
      inBatches(entries, () => 1 + number(7)),
      `seed ${seed}`,
    ).toEqual(whole);
    expect(whole.length).toBeGreaterThan(0);
  }
});

test('a session starts before it ends, was last seen in between, and never holds the host’s own id', () => {
  for (let seed = 1; seed <= 300; seed++) {
    for (const row of inBatches(anyEntries(createNumbers(seed)), () => 40)) {
      expect(row.startedAt).toBeLessThanOrEqual(row.lastSeenAt);
      if (row.closedAt !== null) expect(row.startedAt).toBeLessThanOrEqual(row.closedAt);
      expect(row.closeReason === null).toBe(row.closedAt === null);
      expect(row.token).toHaveLength(16);
    }
  }
});

test('a hidden session id stands for the same session as the id itself, and differs per tenant', () => {
  const hidden = tenantKeys.hiddenSession('token');
  expect(hidden).not.toContain('token');
  expect(tenantKeys.hiddenSession(hidden)).toBe(hidden);
  expect(tenantKeys.sessionToken(hidden)).toEqual(tenantKeys.sessionToken('token'));
  expect(deriveTenantKeys(Buffer.alloc(32, 7), 2).hiddenSession('token')).not.toBe(hidden);
});
