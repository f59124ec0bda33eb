import type { Audit } from '../audit.ts';
import type { RunQuery } from '../changes/read-catalogue.ts';
import { deleteRows, leaseRows, rejectRows, releaseRows } from './outbox-sql.ts';
import { createOutboxReader, tenantOf, type OutboxRow } from './outbox-row.ts';
import { createOutboxSender, type OutgoingRow } from './outbox-sender.ts';
import { pause } from '../host/pause.ts';
import type { SendOutbox } from './send-outbox.ts';

export interface OutboxForwarderOptions {
  /** Runs one statement on the host's database, such as `pool.query` of `pg`. */
  readonly query: RunQuery;
  /** Where to: an `Audit`, in mode `strict`, or `outboxPost({ url, key })`. Both know the tenants by their `keyOf`. */
  readonly to: Pick<Audit, 'capture'> | SendOutbox;
  /** Rows of one batch (500). */
  readonly batchRowsMax?: number;
  /** A batch whose forwarder ended belongs to the next one after this (60 s); longer than a batch may take. What is held is tried again after it. */
  readonly leaseMs?: number;
  /** Between two looks at an empty outbox (1 s), and after a failure, up to ten times as long. */
  readonly waitMs?: number;
  readonly onError?: (error: Error) => void;
}

export interface OutboxForwarder {
  /** Forwards one batch. Rows that were taken; rejects with what the database says. */
  forwardOnce(): Promise<Forwarded>;
  /** Forwards until `signal` says so. Never rejects: what fails is told and tried again. */
  run(signal: AbortSignal): Promise<void>;
}

/** Rows: `unchanged` held no change that counts. `later` and `held` are in the outbox still. */
export interface Forwarded {
  readonly sent: number;
  readonly rejected: number;
  readonly unchanged: number;
  readonly later: number;
  readonly held: number;
}

/**
 * Sends what is in `bitacora.outbox`, in order, and deletes it once it is in the ledger. Several may run: a row is leased to
 * one of them. A forwarder that dies between sending and deleting sends again, under the same ids, which the server takes once.
 * What the server rejects stays, with its reason, and holds up nothing; nor does what is held for its tenant.
 */
export function createOutboxForwarder(options: OutboxForwarderOptions): OutboxForwarder {
  const { query, batchRowsMax = 500, leaseMs = 60_000, waitMs = 1_000, onError = () => undefined } = options;
  const send = createOutboxSender(options.to, { withinMs: leaseMs / 2, onError });
  const read = createOutboxReader(query);
  // Held rows are old: of so many that their leases end before all were tried again, nothing behind them would be reached.
  let triedLast = false;

  async function forwardOnce(): Promise<Forwarded> {
    const rows = await leaseRows(query, { rowsMax: batchRowsMax, leaseMs, triedLast });
    const asked: OutgoingRow[] = [];
    const unchanged: OutboxRow[] = [];
    const rejected: { readonly row: OutboxRow; readonly reason: string }[] = [];
    for (const row of rows) {
      try {
        const event = await read(row);
        if (event) asked.push({ row, event, tenant: tenantOf(row) });
        else unchanged.push(row);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        rejected.push({ row, reason: error.message });
      }
    }
    const [sent, later, held]: [OutboxRow[], OutboxRow[], OutboxRow[]] = [[], [], []];
    for (const { row, verdict } of await send(asked)) {
      if (verdict.state === 'rejected') rejected.push({ row, reason: verdict.reason });
      else ({ sent, later, held })[verdict.state].push(row);
    }
    triedLast = held.length > 0;
    await deleteRows(query, [...sent, ...unchanged]);
    await rejectRows(query, rejected);
    // What is held keeps its lease: else the next batch would be the same one again.
    await releaseRows(query, later);
    for (const { row, reason } of rejected)
      onError(new Error(`outbox row ${row.position} was rejected: ${reason}`));
    return {
      ...{ sent: sent.length, rejected: rejected.length, unchanged: unchanged.length },
      ...{ later: later.length, held: held.length },
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
