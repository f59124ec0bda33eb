import type { Audit, CaptureInput } from '../audit.ts';
import { createOutboxBuffer } from '../capture/write-outbox.ts';
import { currentContext, withContext } from '../context/audit-context.ts';
import type { ChangeSettings } from './change-options.ts';
import type { PgSession } from './pg-session.ts';
import { rowChangeEvent, type RowChange } from './row-change.ts';
import { truncateEvent, unseenEvent } from './statement-event.ts';
import type { KnownTable, TableLookup } from './table-lookup.ts';

export interface ChangeCapture {
  readonly audit: Pick<Audit, 'capture'>;
  readonly settings: ChangeSettings;
  readonly tables: TableLookup;
}

/**
 * The rows that a statement changed, or the reason why they are unknown. `triggered`: the table's triggers have captured them.
 */
export type StatementRows = readonly RowChange[] | 'truncated' | 'unseen' | 'triggered';

export interface PerformedStatement {
  readonly text: string;
  readonly tables: readonly KnownTable[];
  readonly result: unknown;
  readonly rows: StatementRows;
  /** The transaction is ours and ends with this statement. */
  readonly own: boolean;
}

/** Captures the events of a statement, in its transaction or after the commit, as the option `write` says. */
export async function captureEvents(
  session: PgSession,
  statement: PerformedStatement,
  capture: ChangeCapture,
): Promise<void> {
  const { rows, text, result, own } = statement;
  const tables = statement.tables.map(({ audited }) => audited);
  if (rows === 'unseen') {
    const nouns = tables.map(({ noun }) => noun).join(', ');
    capture.settings.onError(
      new Error(`the rows of a statement on ${nouns} were not seen: ${text.slice(0, 200)}`),
    );
  }
  // The catalogue was read before the triggers were installed.
  if (rows === 'triggered') return capture.tables.forget();
  const events = eventsOf(rows, tables, result);
  if (capture.settings.write === 'after_commit') captureAfterCommit(session, events, capture);
  else await captureInTransaction(session, events, capture);
  if (rows === 'truncated' && !own) await session.allowTruncation();
}

function captureAfterCommit(
  session: PgSession,
  events: readonly CaptureInput[],
  { audit, settings }: ChangeCapture,
): void {
  const context = currentContext();
  session.afterCommit(() => {
    for (const event of events) {
      // An error of `capture` must not reach a host whose transaction is committed already.
      const captured = withContext(context, async () => audit.capture(event));
      void captured.catch(settings.onError);
    }
  });
}

async function captureInTransaction(
  session: PgSession,
  events: readonly CaptureInput[],
  { audit }: ChangeCapture,
): Promise<void> {
  const buffer = createOutboxBuffer();
  for (const event of events) await audit.capture(event, { transaction: buffer });
  await buffer.write({ query: (text, values) => session.plain({ text, values }) });
}

function eventsOf(
  rows: Exclude<StatementRows, 'triggered'>,
  tables: readonly KnownTable['audited'][],
  result: unknown,
): readonly CaptureInput[] {
  if (rows === 'truncated') return tables.map(truncateEvent);
  if (rows === 'unseen') return [unseenEvent(tables, result)];
  const [table] = tables;
  return rows.flatMap((row) => (table ? (rowChangeEvent(row, table) ?? []) : []));
}
