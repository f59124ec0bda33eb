import type { Audit, CaptureInput } from '../audit.ts';
import type { RunQuery } from '../adapters/changes/read-catalogue.ts';
import { deleteRows, leaseRows, rejectRows, releaseRows } from './outbox-sql.ts';
import { createOutboxReader, type OutboxRow } from './outbox-row.ts';
import { pause } from '../pause.ts';

export type OutboxEvent = CaptureInput & { readonly id: string };

/** What became of one event: `sent` is in the ledger, `rejected` will never be, `later` is to be sent again. */
export type OutboxVerdict =
  | { readonly state: 'sent' }
  | { readonly state: 'rejected'; readonly reason: string }
  | { readonly state: 'later'; readonly reason: string };

/** Sends a batch and judges each event, in order. What it throws makes all of them `later`. */
export type SendOutbox = (events: readonly OutboxEvent[]) => Promise<readonly OutboxVerdict[]>;

export interface OutboxForwarderOptions {
  /** Runs one statement on the host's database, such as `pool.query` of `pg`. */
  readonly query: RunQuery;
  /** Where to: an `Audit`, in mode `strict`, or `outboxPost({ url, key })`. */
  readonly to: Pick<Audit, 'capture'> | SendOutbox;
  /** Rows of one batch (500). */
  readonly batchRowsMax?: number;
  /** A batch whose forwarder ended belongs to the next one after this (60 s); longer than a batch may take. */
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

/** Rows: `unchanged` held no change that counts. `later` are in the outbox still. */
export interface Forwarded {
  readonly sent: number;
  readonly rejected: number;
  readonly unchanged: number;
  readonly later: number;
}

/**
 * Sends what is in `bitacora.outbox`, in order, and deletes it once it is in the ledger. Several may run: a row is leased to
 * one of them. A forwarder that dies between sending and deleting sends again, under the same ids, which the server takes once.
 * What the server rejects stays, with its reason, and holds up nothing.
 */
export function createOutboxForwarder(options: OutboxForwarderOptions): OutboxForwarder {
  const { query, batchRowsMax = 500, leaseMs = 60_000, waitMs = 1_000, onError = () => undefined } = options;
  const send = typeof options.to === 'function' ? options.to : strictly(options.to);
  const read = createOutboxReader(query);

  async function forwardOnce(): Promise<Forwarded> {
    const rows = await leaseRows(query, { rowsMax: batchRowsMax, leaseMs });
    const asked: { readonly row: OutboxRow; readonly event: OutboxEvent }[] = [];
    const unchanged: OutboxRow[] = [];
    const rejected: { readonly row: OutboxRow; readonly reason: string }[] = [];
    for (const row of rows) {
      try {
        const event = await read(row);
        if (event) asked.push({ row, event });
        else unchanged.push(row);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        rejected.push({ row, reason: error.message });
      }
    }
    const verdicts = await judged(asked.map(({ event }) => event));
    const sent = asked.filter((_, at) => verdicts[at]?.state === 'sent').map(({ row }) => row);
    const later = asked
      .filter((_, at) => (verdicts[at] ?? { state: 'later' }).state === 'later')
      .map(({ row }) => row);
    asked.forEach(({ row }, at) => {
      const verdict = verdicts[at];
      if (verdict?.state === 'rejected') rejected.push({ row, reason: verdict.reason });
    });
    await deleteRows(query, [...sent, ...unchanged]);
    await rejectRows(query, rejected);
    await releaseRows(query, later);
    for (const { row, reason } of rejected)
      onError(new Error(`outbox row ${row.position} was rejected: ${reason}`));
    return { sent: sent.length, rejected: rejected.length, unchanged: unchanged.length, later: later.length };
  }

  async function judged(events: readonly OutboxEvent[]): Promise<readonly OutboxVerdict[]> {
    if (events.length === 0) return [];
    try {
      const verdicts = await send(events);
      const late = verdicts.find((one) => one.state === 'later');
      if (late?.state === 'later') onError(new Error(`will be sent again: ${late.reason}`));
      return verdicts;
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
      return [];
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const { sent, rejected, unchanged, later } = await forwardOnce();
        failures = later > 0 ? failures + 1 : 0;
        if (later === 0 && sent + rejected + unchanged > 0) continue;
      } catch (error) {
        failures += 1;
        onError(error instanceof Error ? error : new Error(String(error)));
      }
      await pause(waitMs * Math.min(10, 1 + failures * Math.random() * 2), signal);
    }
  }

  return Object.freeze({ forwardOnce, run });
}

/** An `Audit` captures each event under the id it has, outside of any context but the event's own. */
function strictly(audit: Pick<Audit, 'capture'>): SendOutbox {
  return async (events) =>
    Promise.all(
      events.map(async (event): Promise<OutboxVerdict> => {
        try {
          const receipt = await audit.capture(event, { mode: 'strict' });
          if (receipt?.state === 'rejected') return { state: 'rejected', reason: receipt.rejection.message };
          return receipt?.state === 'sequenced'
            ? { state: 'sent' }
            : { state: 'later', reason: `the audit is not strict: ${receipt?.state ?? 'nothing'}` };
        } catch (error) {
          return { state: 'later', reason: error instanceof Error ? error.message : String(error) };
        }
      }),
    );
}
