import type { Audit } from '../audit.ts';
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
  /** No tenant is begun with later than this; the leases must last for the one that is under way. */
  readonly withinMs: number;
  readonly onError: (error: Error) => void;
}

/** Of different messages about tenants that are held. */
const toldMax = 1_000;

/** Sends rows tenant by tenant, and tells what holds each up. Never rejects. */
export function createOutboxSender(
  to: Pick<Audit, 'capture'> | SendOutbox,
  { withinMs, onError }: OutboxSenderOptions,
): (rows: readonly OutgoingRow[]) => Promise<readonly JudgedRow[]> {
  const send = typeof to === 'function' ? to : strictly(to);
  /** Until when what holds a tenant up is not told again: there may be thousands of batches of it. */
  const told = new Map<string, number>();

  function tell(found: Waiting, tenant: string | undefined): void {
    const message = waiting(found, tenant);
    const now = performance.now();
    if (found.state === 'held') {
      if ((told.get(message) ?? 0) > now) return;
      if (told.size >= toldMax) told.clear();
      told.set(message, now + withinMs);
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
        const found = verdicts.find((one) => one.state === state);
        if (found !== undefined && found.state !== 'sent') tell(found, tenant);
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
      const inTime = performance.now() < until;
      judged.push(...(inTime ? await judge(own, tenant) : own.map(({ row }) => ({ row, verdict: later }))));
    }
    return judged;
  };
}

/** `Map.groupBy` of newer versions of Node. */
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

type Waiting = Exclude<OutboxVerdict, { state: 'sent' }>;

function waiting({ state, reason }: Waiting, tenant: string | undefined): string {
  if (state === 'later') return `will be sent again: ${reason}`;
  return tenant === undefined
    ? `events without a tenant stay in the outbox: ${reason}`
    : `the events of the tenant ${tenant} stay in the outbox: ${reason}`;
}

/** Codes of an audit that say that it has no way for this tenant. */
const ofTenant: ReadonlySet<unknown> = new Set(['no_key', 'too_many_tenants', 'refused']);

/** An `Audit` captures each event under the id it has, in the context of its tenant and of nothing else. */
function strictly(audit: Pick<Audit, 'capture'>): SendOutbox {
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
            tenant !== undefined && error instanceof Error && 'code' in error && ofTenant.has(error.code);
          return { state: held ? 'held' : 'later', reason };
        }
      }),
    );
}
