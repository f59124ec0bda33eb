import type { Audit } from '../audit.ts';
import { setBounded } from '../host/set-bounded.ts';
import { withOnlyContext } from '../context/audit-context.ts';
import type { OutboxEvent, OutboxVerdict, SendOutbox } from './send-outbox.ts';
import type { OutboxRow } from './outbox-row.ts';

/** A row with the event that it became. */
export interface OutgoingRow {
  readonly row: OutboxRow;
  readonly event: OutboxEvent;
  readonly tenant: string | undefined;
}

export interface JudgedRow {
  readonly row: OutboxRow;
  readonly verdict: OutboxVerdict;
}

export interface OutboxSenderOptions {
  /** After this, no further tenant is started, so that the leases last for the tenant that is being sent. */
  readonly withinMs: number;
  readonly onError: (error: Error) => void;
}

/** Different messages about tenants that are held, so that each is reported once in a while. */
const messagesMax = 1_000;

/** Sends rows tenant by tenant, and reports why the rows of a tenant are held. Never rejects. */
export function createOutboxSender(
  to: Pick<Audit, 'capture'> | SendOutbox,
  { withinMs, onError }: OutboxSenderOptions,
): (rows: readonly OutgoingRow[]) => Promise<readonly JudgedRow[]> {
  const send = typeof to === 'function' ? to : sendStrictly(to);
  // Until when a message is not reported again: there may be thousands of batches of a tenant that is held.
  const silentUntil = new Map<string, number>();

  function report(verdict: Unsent, tenant: string | undefined): void {
    const message = messageOf(verdict, tenant);
    const now = performance.now();
    if (verdict.state === 'held') {
      if ((silentUntil.get(message) ?? 0) > now) return;
      setBounded(silentUntil, messagesMax, { key: message, value: now + withinMs });
    }
    onError(new Error(message));
  }

  async function judge(
    rows: readonly OutgoingRow[],
    tenant: string | undefined,
  ): Promise<readonly JudgedRow[]> {
    let verdicts: readonly OutboxVerdict[] = [];
    try {
      verdicts = await send(
        rows.map(({ event }) => event),
        { tenant },
      );
      for (const state of ['later', 'held'] as const) {
        const first = verdicts.find((verdict) => verdict.state === state);
        if (first !== undefined && first.state !== 'sent') report(first, tenant);
      }
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
    }
    return rows.map(({ row }, at) => ({ row, verdict: verdicts[at] ?? later }));
  }

  return async (rows) => {
    const until = performance.now() + withinMs;
    const judged: JudgedRow[] = [];
    for (const [tenant, own] of byTenant(rows)) {
      const isInTime = performance.now() < until;
      const verdicts = isInTime ? await judge(own, tenant) : own.map(({ row }) => ({ row, verdict: later }));
      judged.push(...verdicts);
    }
    return judged;
  };
}

/** Node.js 20 has no `Map.groupBy`. */
function byTenant(rows: readonly OutgoingRow[]): ReadonlyMap<string | undefined, readonly OutgoingRow[]> {
  const groups = new Map<string | undefined, OutgoingRow[]>();
  for (const row of rows) {
    const group = groups.get(row.tenant);
    if (group === undefined) groups.set(row.tenant, [row]);
    else group.push(row);
  }
  return groups;
}

const later: OutboxVerdict = { state: 'later', reason: '' };

type Unsent = Exclude<OutboxVerdict, { state: 'sent' }>;

function messageOf({ state, reason }: Unsent, tenant: string | undefined): string {
  if (state === 'later') return `will be sent again: ${reason}`;
  return tenant === undefined
    ? `events without a tenant stay in the outbox: ${reason}`
    : `the events of the tenant ${tenant} stay in the outbox: ${reason}`;
}

/** Codes by which an audit says that it cannot send for this tenant. */
const tenantCodes: ReadonlySet<unknown> = new Set(['no_key', 'too_many_tenants', 'refused']);

/** Sends through an `Audit`: it captures each event under the event's own id, in a context that holds the tenant only. */
function sendStrictly(audit: Pick<Audit, 'capture'>): SendOutbox {
  return (events, { tenant }) =>
    Promise.all(
      events.map(async (event): Promise<OutboxVerdict> => {
        try {
          const receipt = await withOnlyContext(tenant === undefined ? {} : { tenant }, () =>
            audit.capture(event, { mode: 'strict' }),
          );
          if (receipt?.state === 'rejected') return { state: 'rejected', reason: receipt.rejection.message };
          return receipt?.state === 'sequenced'
            ? { state: 'sent' }
            : { state: 'later', reason: `the audit is not strict: ${receipt?.state ?? 'nothing'}` };
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          const held =
            tenant !== undefined && error instanceof Error && 'code' in error && tenantCodes.has(error.code);
          return { state: held ? 'held' : 'later', reason };
        }
      }),
    );
}
