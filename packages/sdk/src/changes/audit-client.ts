import type { Audit, CaptureInput } from '../audit.ts';
import { currentContext, withContext } from '../context/audit-context.ts';
import { createOutboxBuffer } from '../capture/write-outbox.ts';
import type { ChangeSettings } from './change-options.ts';
import { captureWrite } from './capture-write.ts';
import { createPgSession, type PgSession } from './pg-session.ts';
import { answer, readQueryCall, type PgClient, type QueryCall } from './pg-client.ts';
import { referringTables } from './referring-tables.ts';
import { readStatement, type ReadStatement } from './read-statement.ts';
import { rowChangeEvent, type RowChange } from './row-change.ts';
import { truncateEvent, unseenEvent } from './statement-event.ts';
import type { FoundTable, TableLookup } from './table-lookup.ts';
import { toldContext } from './told-context.ts';

export interface ChangeCapture {
  readonly audit: Pick<Audit, 'capture'>;
  readonly settings: ChangeSettings;
  readonly tables: TableLookup;
}

interface Performed {
  readonly result: unknown;
  readonly rows: readonly RowChange[] | 'truncated' | 'unseen' | 'triggered';
}

interface CapturedStatement {
  readonly call: QueryCall;
  readonly found: readonly FoundTable[];
  /** The transaction is ours. */
  readonly own: boolean;
  readonly capture: ChangeCapture;
}

/** A `query` that captures what the statements change, in the transaction that is open on the client, else in one of its own. */
export function createAuditedQuery(client: PgClient, capture: ChangeCapture) {
  const session = createPgSession(client, () => capture.tables.forget());
  let last: Promise<unknown> = Promise.resolve();
  return function query(...args: readonly unknown[]): unknown {
    const call = readQueryCall(args);
    if (!call) {
      const submitted = client.query(...args);
      last = last.then(() => captureSubmitted(session, submitted, capture)).catch(capture.settings.onError);
      return submitted;
    }
    const { callback } = call;
    // A statement takes several of ours: the next one of the host waits for all of them.
    const result = last.then(() => runCaptured(session, call, capture));
    last = result.catch(() => undefined);
    if (!callback) return result;
    void answer(result, callback);
    return undefined;
  };
}

async function runCaptured(session: PgSession, call: QueryCall, capture: ChangeCapture): Promise<unknown> {
  const statement = readStatement(call.text);
  const found = await tablesOf(session, statement, capture.tables);
  const isTriggered = ({ catalogue }: FoundTable): boolean =>
    catalogue.triggered || session.knownTriggered(catalogue);
  const seen = currentContext().paused === true ? [] : found.filter((table) => !isTriggered(table));
  const context = found.some(isTriggered) ? toldContext() : session.told();
  if (seen.length === 0 && context === session.told()) return session.follow(call);
  if (statement.kind === 'unread' && !session.open() && transacts.test(call.text)) {
    const result = await session.follow(call);
    const unseen = { call, found: seen, capture };
    await captureUnseen(session, result, unseen).catch(capture.settings.onError);
    return result;
  }
  return session.inTransaction(async (own) => {
    await session.tell(context);
    if (seen.length === 0) return session.follow(call);
    const performed = await perform(session, call, { statement, found: seen, settings: capture.settings });
    await captureEvents(session, performed, { call, found: seen, own, capture });
    return performed.result;
  });
}

// A transaction of ours around it would be ended by it, or keep it from ending its own, as a `do` that commits in between.
const transacts = /(?:^|;)\s*(?:begin|start\s+transaction)\b|\b(?:commit|rollback)\b/i;

/** What `pg` was given to drive by itself, as a stream of `copy`, is told once it is over: its rows are not seen. */
async function captureSubmitted(
  session: PgSession,
  submitted: unknown,
  capture: ChangeCapture,
): Promise<void> {
  const text: unknown = memberOf(submitted, 'text') ?? memberOf(memberOf(submitted, 'cursor'), 'text');
  const statement = typeof text === 'string' ? readStatement(text) : undefined;
  if (typeof text !== 'string' || !statement || statement.kind === 'none') return;
  if (currentContext().paused === true) return;
  // Waits until it is over; fails where it failed within a transaction.
  await session.plain({ text: 'select 1', values: [] });
  const rowCount = memberOf(submitted, 'rowCount');
  const tables = await tablesOf(session, statement, capture.tables);
  const found = tables.filter(({ catalogue }) => !catalogue.triggered && !session.knownTriggered(catalogue));
  if (rowCount === 0 || found.length === 0) return;
  const call = { config: {}, text, values: [], callback: undefined };
  const result = { command: /\w+/.exec(text)?.[0].toUpperCase(), rowCount, rows: [], fields: [] };
  await captureUnseen(session, result, { call, found, capture });
}

async function captureUnseen(
  session: PgSession,
  result: unknown,
  of: Omit<CapturedStatement, 'own'>,
): Promise<void> {
  if (of.found.length === 0) return;
  await session.inTransaction((own) => captureEvents(session, { result, rows: 'unseen' }, { ...of, own }));
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** The audited tables that a statement may change. */
async function tablesOf(
  session: PgSession,
  statement: ReadStatement,
  tables: TableLookup,
): Promise<readonly FoundTable[]> {
  if (statement.kind === 'none' || session.failed()) return [];
  const names =
    statement.kind === 'write'
      ? [statement.write.table]
      : statement.kind === 'truncate'
        ? statement.tables
        : [...statement.names].slice(0, namesMax).map((name) => `"${name.replaceAll('"', '""')}"`);
  const found = new Map<string, FoundTable>();
  const emptied =
    statement.kind === 'truncate' && statement.cascade ? await referringTables(names, session.plain) : [];
  for (const name of [...names, ...emptied]) {
    const table = await tables.find(name, (text, values) => session.plain({ text, values }));
    if (table) found.set(table.catalogue.oid, table);
  }
  return [...found.values()];
}

/** Names of a statement that is not understood which are looked up. */
const namesMax = 200;

async function perform(
  session: PgSession,
  call: QueryCall,
  {
    statement,
    found,
    settings,
  }: {
    readonly statement: ReadStatement;
    readonly found: readonly FoundTable[];
    readonly settings: ChangeSettings;
  },
): Promise<Performed> {
  if (statement.kind === 'truncate') {
    await session.mark(found.map(({ catalogue }) => catalogue.tree).join(','));
    return { result: await session.follow(call), rows: 'truncated' };
  }
  const [first] = found;
  if (statement.kind !== 'write' || first?.catalogue.plain !== true) {
    return { result: await session.follow(call), rows: 'unseen' };
  }
  return captureWrite(statement.write, call.values, {
    table: first.catalogue,
    updateRowsMax: settings.updateRowsMax,
    original: { text: call.text, values: call.values },
    plain: session.plain,
    isTriggered: session.isTriggered,
    asHost: (command) => session.asHost(call, command),
  });
}

async function captureEvents(
  session: PgSession,
  { rows, result }: Performed,
  { call, found, own, capture }: CapturedStatement,
): Promise<void> {
  const { audit, settings } = capture;
  const tables = found.map(({ audited }) => audited);
  if (rows === 'unseen') {
    const nouns = tables.map(({ noun }) => noun).join(', ');
    settings.onError(
      new Error(`the rows of a statement on ${nouns} were not seen: ${call.text.slice(0, 200)}`),
    );
  }
  // The catalogue was read before somebody installed the triggers.
  if (rows === 'triggered') return capture.tables.forget();
  const events = eventsOf(rows, tables, result);
  const marked = rows === 'truncated' && !own;
  if (settings.write === 'after_commit') {
    const context = currentContext();
    session.afterCommit(() => {
      for (const event of events) {
        // What `capture` may throw must not reach a host whose transaction is committed already.
        const captured = withContext(context, async () => audit.capture(event));
        void captured.catch(settings.onError);
      }
    });
    if (marked) await session.unmark();
    return;
  }
  const buffer = createOutboxBuffer();
  for (const event of events) await audit.capture(event, { transaction: buffer });
  const transaction = {
    query: (text: string, values: readonly unknown[]) => session.plain({ text, values }),
  };
  await buffer.write(transaction);
  if (marked) await session.unmark();
}

function eventsOf(
  rows: Exclude<Performed['rows'], 'triggered'>,
  tables: readonly FoundTable['audited'][],
  result: unknown,
): readonly CaptureInput[] {
  if (rows === 'truncated') return tables.map(truncateEvent);
  if (rows === 'unseen') return [unseenEvent(tables, result)];
  const [table] = tables;
  return rows.flatMap((row) => (table ? (rowChangeEvent(row, table) ?? []) : []));
}
