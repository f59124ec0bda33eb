import type { AppendAnswer, Client } from '@bitacora/client';
import type { AuditEvent } from '@bitacora/event';
import type { Progress } from '../progress.ts';
import type { ImportMap } from './import-map.ts';
import type { ImportProgress } from './import-progress.ts';
import { openRows } from './read-rows.ts';
import { createRejectionReport, type RejectedRow } from './rejection-report.ts';
import { createRowEvents } from './row-events.ts';
import type { ReadRow } from './row.ts';
import { createBatchSender } from './send-batch.ts';

export interface ImportOptions {
  readonly file: string;
  readonly map: ImportMap;
  readonly ledger: string | undefined;
  readonly batchSize: number;
  /** Undefined when nothing is sent. */
  readonly client: Client | undefined;
  /** Where rejected rows are written; made only when there are any. */
  readonly reportFile: string;
  readonly position: ImportProgress;
  readonly progress: Progress;
}

/**
 * `expired` counts accepted events that are older than entries that retention has removed: the ledger may have had them
 * before. `resumed` counts events that an earlier, killed run had sent and that were not sent again. `rejected` counts
 * refused rows and events.
 */
export interface ImportSummary {
  rows: number;
  events: number;
  accepted: number;
  expired: number;
  duplicates: number;
  resumed: number;
  rejected: number;
  seconds: number;
}

/** An event with the place that it came from. */
interface Placed {
  readonly event: AuditEvent;
  readonly line: number;
  readonly row: number;
}

/**
 * Imports a file: reads, maps and sends its rows in file order. While one batch is sent, the next one is made, so memory holds
 * two batches and the earlier rows that the map needs. Rejects with `CliError` when the import cannot go on.
 */
export async function importFile(options: ImportOptions): Promise<ImportSummary> {
  const done = await options.position.read();
  const summary = await run(options, Math.max(0, (done?.events ?? 0) - (done?.lastBatch ?? 0)));
  // Events before the last noted batch are skipped only when the server has that batch.
  if (summary === 'startAgain') return importFromStart(options);
  return summary;
}

async function importFromStart(options: ImportOptions): Promise<ImportSummary> {
  const summary = await run(options, 0);
  if (summary === 'startAgain')
    throw new Error('an import from the start skips nothing, so it cannot start again');
  return summary;
}

async function run(options: ImportOptions, skip: number): Promise<ImportSummary | 'startAgain'> {
  const { client, progress } = options;
  const started = performance.now();
  const summary = {
    rows: 0,
    events: 0,
    accepted: 0,
    expired: 0,
    duplicates: 0,
    resumed: skip,
    rejected: 0,
    seconds: 0,
  };
  const report = createRejectionReport(options.reportFile);
  const reject = async (rejected: RejectedRow): Promise<void> => {
    summary.rejected += 1;
    await report.add(rejected);
  };
  const rows = await openRows(options.file, options.map);
  const settle = createSettlement(options, { summary, reject, skip });
  const send = client && createBatchSender({ client, ledger: options.ledger, onWait: waitNote(progress) });
  let onItsWay: Promise<boolean> = Promise.resolve(true);
  for await (const batch of batches(rows.rows, options, { summary, reject, skip })) {
    if (!(await onItsWay)) return 'startAgain';
    progress.update({ done: rows.bytesRead(), total: rows.bytes, text: `${summary.events} events` });
    if (send === undefined) continue;
    onItsWay = send(batch.map(({ event }) => event)).then((results) => settle(batch, results));
    // The promise is awaited after the next batch was made; this handler keeps a failure before that from being unhandled.
    onItsWay.catch(() => undefined);
  }
  if (!(await onItsWay)) return 'startAgain';
  await report.close();
  await options.position.remove();
  summary.seconds = Math.round((performance.now() - started) / 10) / 100;
  return summary;
}

function waitNote(progress: Progress): (reason: string, waitMs: number) => void {
  return (reason, waitMs) => progress.note(`${reason}; again in ${(waitMs / 1_000).toFixed(1)} s`);
}

interface RunState {
  readonly summary: ImportSummary;
  readonly reject: (row: RejectedRow) => Promise<void>;
  readonly skip: number;
}

/**
 * Counts a batch's results and notes the position. False when the results of the first batch show that the skipped events
 * are not on the server.
 */
function createSettlement(
  { position }: ImportOptions,
  { summary, reject, skip }: RunState,
): (batch: readonly Placed[], results: AppendAnswer['results']) => Promise<boolean> {
  let answered = skip;
  let refused = 0;
  return async (batch, results) => {
    const isFirst = answered === skip && skip > 0;
    if (isFirst && !results.every((result) => 'duplicate' in result)) return false;
    for (const [i, result] of results.entries()) {
      const placed = batch[i];
      if ('error' in result && placed !== undefined) {
        const { code, field, message } = result.error;
        refused += 1;
        await reject({
          line: placed.line,
          row: placed.row,
          reason: message,
          id: placed.event.id,
          code,
          field,
        });
      } else if ('duplicate' in result) summary.duplicates += 1;
      else {
        summary.accepted += 1;
        if ('expired' in result) summary.expired += 1;
      }
    }
    answered += batch.length;
    // The position stays before a refused event, so that a later run sends the event again and its report contains it.
    if (refused === 0) await position.write({ events: answered, lastBatch: batch.length });
    return true;
  };
}

/** Maps rows and groups their events, leaving out the first `skip` events. */
async function* batches(
  rows: AsyncIterable<ReadRow>,
  { map, batchSize }: ImportOptions,
  { summary, reject, skip }: RunState,
): AsyncGenerator<readonly Placed[], void> {
  const eventsOf = createRowEvents(map);
  let batch: Placed[] = [];
  for await (const row of rows) {
    summary.rows += 1;
    const mapped = row.ok ? eventsOf(row) : row;
    if (!mapped.ok) {
      await reject({ line: row.line, row: row.number, reason: mapped.reason });
      continue;
    }
    for (const event of mapped.events) {
      summary.events += 1;
      if (summary.events > skip) batch.push({ event, line: row.line, row: row.number });
    }
    if (batch.length >= batchSize) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
