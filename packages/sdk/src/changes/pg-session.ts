import type { CatalogueTable } from './audited-table.ts';
import { pgResult, isPgResult, type PgClient, type PgResult, type QueryCall } from './pg-client.ts';
import type { SqlCommand } from './sql-command.ts';
import { triggersNow } from './triggers-now.ts';
import { chains, createWaitingEvents } from './waiting-events.ts';

/** One connection of the host, and what is known of its transaction. */
export interface PgSession {
  /** Runs the host's own statement, as it is. */
  follow(call: QueryCall): Promise<unknown>;
  /** Runs another statement in the way the host asked for its own, such as with `rowMode: 'array'`. */
  asHost(call: QueryCall, command: SqlCommand): Promise<PgResult>;
  plain(command: SqlCommand): Promise<PgResult>;
  /** Runs `work` in the open transaction, else in one of its `own`. */
  inTransaction<Result>(work: (own: boolean) => Promise<Result>): Promise<Result>;
  /** A transaction is open. */
  open(): boolean;
  /** The transaction failed: until its end every statement is refused. */
  failed(): boolean;
  /**
   * Whether the triggers of a table that this transaction has written to are there now, which its snapshot may not show. Asked
   * once: they neither come nor go until it ends.
   */
  isTriggered(table: CatalogueTable): Promise<boolean>;
  /** The same, as far as it was asked. */
  knownTriggered(table: CatalogueTable): boolean;
  /** Tells the triggers the context, for this transaction. */
  tell(context: string): Promise<void>;
  told(): string;
  /** Runs something when the open transaction commits. */
  afterCommit(run: () => void): void;
  /** The triggers of these tables leave the next truncation to us. */
  mark(oids: string): Promise<void>;
  /** The triggers capture again what they see. */
  unmark(): Promise<void>;
}

const begins = /^\s*(?:begin|start\s+transaction)\b/i;
const ends = /^\s*(?:commit|end|abort|rollback(?!\s+(?:work\s+|transaction\s+)?to\b))\b/i;

export function createPgSession(client: PgClient, onCatalogueChange: () => void): PgSession {
  const waiting = createWaitingEvents();
  let begun = false;
  let told = '';
  const triggered = new Map<string, boolean>();

  const open = (): boolean => {
    const status = client.getTransactionStatus?.();
    return status === undefined || status === null ? begun : status !== 'I';
  };
  const forget = (): void => {
    told = '';
    triggered.clear();
  };
  const after = (text: string, result: unknown): void => {
    if (begins.test(text)) begun = true;
    if (ends.test(text)) begun = false;
    if (/^\s*(?:create|alter|drop)\b/i.test(text)) onCatalogueChange();
    // A rollback to a savepoint also takes back what was told after it, and the locks.
    if (!open() || /^\s*rollback\b/i.test(text) || chains.test(text)) forget();
    // PostgreSQL answers ROLLBACK to the commit of a transaction that failed.
    const rolledBack = isPgResult(result) && result.command === 'ROLLBACK' && !open();
    waiting.follow(rolledBack ? 'rollback' : text, open());
  };
  // A commit that fails, as a deferred constraint makes it, ends the transaction all the same.
  const abandon = (): void => {
    begun = false;
    forget();
    waiting.follow('rollback', false);
  };
  const simple = async (text: string): Promise<void> => after(text, await client.query(text));
  const plain = ({ text, values }: SqlCommand): Promise<PgResult> =>
    pgResult(values.length === 0 ? client.query(text) : client.query(text, values));

  return Object.freeze({
    plain,
    open,
    told: () => told,
    failed: () => client.getTransactionStatus?.() === 'E',
    afterCommit: waiting.add,
    async follow({ config, text, values }: QueryCall) {
      try {
        const result: unknown = await client.query(values.length === 0 ? config : { ...config, values });
        after(text, result);
        return result;
      } catch (error) {
        if (ends.test(text)) abandon();
        throw error;
      }
    },
    // The name is that of another prepared statement.
    asHost: ({ config: { name: _name, ...config } }: QueryCall, { text, values }: SqlCommand) =>
      pgResult(client.query({ ...config, text, values })),
    async inTransaction<Result>(work: (own: boolean) => Promise<Result>) {
      if (open()) return work(false);
      await simple('begin');
      try {
        const result = await work(true);
        await simple('commit');
        return result;
      } catch (error) {
        await simple('rollback').catch(() => undefined);
        throw error;
      }
    },
    knownTriggered: ({ oid }: CatalogueTable) => triggered.get(oid) === true,
    async isTriggered(table: CatalogueTable) {
      const known = triggered.get(table.oid);
      if (known !== undefined) return known;
      const found = await triggersNow(table, plain);
      triggered.set(table.oid, found);
      return found;
    },
    async tell(context: string) {
      if (context === told) return;
      await plain({ text: `select pg_catalog.set_config('bitacora.context', $1, true)`, values: [context] });
      told = context;
    },
    async mark(oids: string) {
      await plain({ text: `select pg_catalog.set_config('bitacora.captured_by', $1, true)`, values: [oids] });
    },
    async unmark() {
      await client.query(`select pg_catalog.set_config('bitacora.captured_by', '', true)`);
    },
  });
}
