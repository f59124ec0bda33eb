import { currentContext } from '../context/audit-context.ts';
import { captureEvents, type ChangeCapture, type StatementRows } from './capture-events.ts';
import { captureWrite } from './capture-write.ts';
import { answer, readQueryCall, type PgClient, type QueryCall } from './pg-client.ts';
import { createPgSession, type PgSession } from './pg-session.ts';
import { readStatement, type ReadStatement } from './read-statement.ts';
import { referringTables } from './referring-tables.ts';
import type { KnownTable, TableLookup } from './table-lookup.ts';
import { triggerContext } from './trigger-context.ts';

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
    // One statement of the host may take several of ours: the host's next statement waits for all of them.
    const result = last.then(() => runCaptured(session, call, capture));
    last = result.catch(() => undefined);
    if (!callback) return result;
    void answer(result, callback);
    return undefined;
  };
}

async function runCaptured(session: PgSession, call: QueryCall, capture: ChangeCapture): Promise<unknown> {
  const statement = readStatement(call.text);
  const changed = await changedTables(session, statement, capture.tables);
  const isTriggered = (table: KnownTable): boolean => hasKnownTriggers(session, table);
  const isPaused = currentContext().paused === true;
  const captured = isPaused ? [] : changed.filter((table) => !isTriggered(table));
  const context = changed.some(isTriggered) ? triggerContext() : session.triggerContext();
  if (captured.length === 0 && context === session.triggerContext()) return session.follow(call);
  if (statement.kind === 'unread' && !session.isOpen() && transacts.test(call.text)) {
    const result = await session.follow(call);
    const unseen = { call, tables: captured, result };
    await captureUnseen(session, unseen, capture).catch(capture.settings.onError);
    return result;
  }
  return session.inTransaction(async (own) => {
    await session.setTriggerContext(context);
    if (captured.length === 0) return session.follow(call);
    const { result, rows } = await perform(session, call, { statement, tables: captured, capture });
    await captureEvents(session, { text: call.text, tables: captured, result, rows, own }, capture);
    return result;
  });
}

// Such a statement would end a transaction of ours around it, or fail in it, as a `do` that commits in between.
const transacts = /(?:^|;)\s*(?:begin|start\s+transaction)\b|\b(?:commit|rollback)\b/i;

function hasKnownTriggers(session: PgSession, { catalogue }: KnownTable): boolean {
  return catalogue.triggered || session.isKnownTriggered(catalogue);
}

/** Captures work that `pg` drives by itself, such as a stream of `copy`, after it has ended. Its rows cannot be read. */
async function captureSubmitted(
  session: PgSession,
  submitted: unknown,
  capture: ChangeCapture,
): Promise<void> {
  const text: unknown = memberOf(submitted, 'text') ?? memberOf(memberOf(submitted, 'cursor'), 'text');
  const statement = typeof text === 'string' ? readStatement(text) : undefined;
  if (typeof text !== 'string' || !statement || statement.kind === 'none') return;
  if (currentContext().paused === true) return;
  // Waits until the stream has ended. Fails when the stream failed within a transaction.
  await session.plain({ text: 'select 1', values: [] });
  const rowCount = memberOf(submitted, 'rowCount');
  const changed = await changedTables(session, statement, capture.tables);
  const tables = changed.filter((table) => !hasKnownTriggers(session, table));
  if (rowCount === 0) return;
  const call = { config: {}, text, values: [], callback: undefined };
  const result = { command: /\w+/.exec(text)?.[0].toUpperCase(), rowCount, rows: [], fields: [] };
  await captureUnseen(session, { call, tables, result }, capture);
}

interface UnseenStatement {
  readonly call: QueryCall;
  readonly tables: readonly KnownTable[];
  readonly result: unknown;
}

async function captureUnseen(
  session: PgSession,
  { call, tables, result }: UnseenStatement,
  capture: ChangeCapture,
): Promise<void> {
  if (tables.length === 0) return;
  await session.inTransaction((own) =>
    captureEvents(session, { text: call.text, tables, result, rows: 'unseen', own }, capture),
  );
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** The audited tables that a statement may change. */
async function changedTables(
  session: PgSession,
  statement: ReadStatement,
  lookup: TableLookup,
): Promise<readonly KnownTable[]> {
  if (statement.kind === 'none' || session.hasFailed()) return [];
  const names = namesIn(statement);
  const cascades = statement.kind === 'truncate' && statement.cascade;
  const emptied = cascades ? await referringTables(names, session.plain) : [];
  const tables = new Map<string, KnownTable>();
  for (const name of [...names, ...emptied]) {
    const table = await lookup.find(name, (text, values) => session.plain({ text, values }));
    if (table) tables.set(table.catalogue.oid, table);
  }
  return [...tables.values()];
}

/** For a statement that is not understood, this many names are looked up. */
const namesMax = 200;

function namesIn(statement: Exclude<ReadStatement, { kind: 'none' }>): readonly string[] {
  if (statement.kind === 'write') return [statement.write.table];
  if (statement.kind === 'truncate') return statement.tables;
  return [...statement.names].slice(0, namesMax).map((name) => `"${name.replaceAll('"', '""')}"`);
}

interface PerformOptions {
  readonly statement: ReadStatement;
  readonly tables: readonly KnownTable[];
  readonly capture: ChangeCapture;
}

/** Runs the host's statement, in a form that shows the rows it changes where that is possible. */
async function perform(
  session: PgSession,
  call: QueryCall,
  { statement, tables, capture }: PerformOptions,
): Promise<{ readonly result: unknown; readonly rows: StatementRows }> {
  if (statement.kind === 'truncate') {
    await session.suppressTruncation(tables.map(({ catalogue }) => catalogue.tree).join(','));
    return { result: await session.follow(call), rows: 'truncated' };
  }
  const [first] = tables;
  if (statement.kind !== 'write' || first?.catalogue.plain !== true) {
    return { result: await session.follow(call), rows: 'unseen' };
  }
  return captureWrite(statement.write, call.values, {
    table: first.catalogue,
    updateRowsMax: capture.settings.updateRowsMax,
    original: { text: call.text, values: call.values },
    plain: session.plain,
    isTriggered: session.isTriggered,
    asHost: (command) => session.asHost(call, command),
  });
}
