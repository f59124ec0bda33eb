import type { Audit } from '../audit.ts';
import type { RunQuery } from '../changes/read-catalogue.ts';
import { deleteRows, leaseRows, rejectRows, releaseRows } from './outbox-sql.ts';
import { createOutboxReader, tenantOf, type OutboxRow } from './outbox-row.ts';
import { createOutboxSender, type JudgedRow, type OutgoingRow } from './outbox-sender.ts';
import { pause } from '../host/pause.ts';
import type { OutboxVerdict, SendOutbox } from './send-outbox.ts';

export interface OutboxForwarderOptions {
  /** Runs one statement on the host's database, such as `pool.query` of `pg`. */
  readonly query: RunQuery;
  /** Where the events go: an `Audit`, in mode `strict`, or `outboxPost({ url, key })`. Both know the tenants by their `keyOf`. */
  readonly to: Pick<Audit, 'capture'> | SendOutbox;
  /** Rows of one batch (500). */
  readonly batchRowsMax?: number;
  /**
   * After this (60 s) another forwarder may take the rows of one that ended, and rows that are held are tried again. It must
   * be longer than a batch takes.
   */
  readonly leaseMs?: number;
  /** The wait when the outbox is empty (1 s); after a failure up to ten times as long. */
  readonly waitMs?: number;
  readonly onError?: (error: Error) => void;
}

export interface OutboxForwarder {
  /** Forwards one batch and resolves with the counts of its rows. Rejects with the error of the database. */
  forwardOnce(): Promise<Forwarded>;
  /** Forwards until `signal` is aborted. Never rejects: a failure is reported to `onError`, and the batch is tried again. */
  run(signal: AbortSignal): Promise<void>;
}

/** Numbers of rows. `unchanged`: the row held no change that is captured. `later` and `held`: the row is still in the outbox. */
export interface Forwarded {
  readonly sent: number;
  readonly rejected: number;
  readonly unchanged: number;
  readonly later: number;
  readonly held: number;
}

/**
 * Sends the rows of `bitacora.outbox` in order, and deletes each when its event is in the ledger. Several forwarders may run,
 * because a row is leased to one of them. When a forwarder ends between sending and deleting, the events are sent again with
 * the same ids, and the server stores them once. A row that the server rejects stays, with the reason. Such rows, and rows
 * that are held for their tenant, do not prevent others from being sent.
 */
export function createOutboxForwarder(options: OutboxForwarderOptions): OutboxForwarder {
  const { query, batchRowsMax = 500, leaseMs = 60_000, waitMs = 1_000, onError = () => undefined } = options;
  const send = createOutboxSender(options.to, { withinMs: leaseMs / 2, onError });
  const read = createOutboxReader(query);
  // Held rows are older than the others. If they were always tried first, they could fill every batch, because the leases of
  // the first of them may end before the last was tried.
  let triedLast = false;

  async function forwardOnce(): Promise<Forwarded> {
    const rows = await leaseRows(query, { rowsMax: batchRowsMax, leaseMs, triedLast });
    const { outgoing, unchanged, unreadable } = await readRows(rows, read);
    const judged = await send(outgoing);
    const rowsOf = (state: OutboxVerdict['state']): OutboxRow[] =>
      judged.filter(({ verdict }) => verdict.state === state).map(({ row }) => row);
    const rejected = [...unreadable, ...judged.flatMap(rejectedRow)];
    const sent = rowsOf('sent');
    const later = rowsOf('later');
    const held = rowsOf('held');
    triedLast = held.length > 0;
    await deleteRows(query, [...sent, ...unchanged]);
    await rejectRows(query, rejected);
    // Held rows keep their lease, because otherwise the next batch would take the same rows again.
    await releaseRows(query, later);
    for (const { row, reason } of rejected)
      onError(new Error(`outbox row ${row.position} was rejected: ${reason}`));
    return {
      sent: sent.length,
      rejected: rejected.length,
      unchanged: unchanged.length,
      later: later.length,
      held: held.length,
    };
  }

  async function run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const { sent, rejected, unchanged, later, held } = await forwardOnce();
        failures = later > 0 ? failures + 1 : 0;
        if (later === 0 && sent + rejected + unchanged + held > 0) continue;
      } catch (error) {
        failures += 1;
        onError(error instanceof Error ? error : new Error(String(error)));
      }
      await pause(waitMs * Math.min(10, 1 + failures * Math.random() * 2), signal);
    }
  }

  return Object.freeze({ forwardOnce, run });
}

interface RejectedRow {
  readonly row: OutboxRow;
  readonly reason: string;
}

interface ReadRows {
  readonly outgoing: readonly OutgoingRow[];
  readonly unchanged: readonly OutboxRow[];
  /** Rows whose JSON cannot be parsed. */
  readonly unreadable: readonly RejectedRow[];
}

async function readRows(
  rows: readonly OutboxRow[],
  read: ReturnType<typeof createOutboxReader>,
): Promise<ReadRows> {
  const outgoing: OutgoingRow[] = [];
  const unchanged: OutboxRow[] = [];
  const unreadable: RejectedRow[] = [];
  for (const row of rows) {
    try {
      const event = await read(row);
      if (event) outgoing.push({ row, event, tenant: tenantOf(row) });
      else unchanged.push(row);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      unreadable.push({ row, reason: error.message });
    }
  }
  return { outgoing, unchanged, unreadable };
}

function rejectedRow({ row, verdict }: JudgedRow): readonly RejectedRow[] {
  return verdict.state === 'rejected' ? [{ row, reason: verdict.reason }] : [];
}
