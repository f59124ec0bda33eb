import type { CatalogueTable } from './audited-table.ts';
import { hasTriggers } from './has-triggers.ts';
import { pgResult, type PgClient, type PgResult, type QueryCall } from './pg-client.ts';
import type { SqlCommand } from './sql-command.ts';
import { createTransactionState } from './transaction-state.ts';

/** A connection of the host, with the state of its transaction. */
export interface PgSession {
  /** Runs the host's own statement, as it is. */
  follow(call: QueryCall): Promise<unknown>;
  /** Runs another statement in the way in which the host called its own, such as with `rowMode: 'array'`. */
  asHost(call: QueryCall, command: SqlCommand): Promise<PgResult>;
  /** Runs a statement of ours: rows are objects. */
  plain(command: SqlCommand): Promise<PgResult>;
  /** Runs `work` in the open transaction, else in a transaction of its own, and then `own` is true. */
  inTransaction<Result>(work: (own: boolean) => Promise<Result>): Promise<Result>;
  isOpen(): boolean;
  /** The transaction failed: PostgreSQL refuses every statement until its end. */
  hasFailed(): boolean;
  /**
   * Whether the triggers of a table that this transaction has written to are there now, which its snapshot may not show. Asked
   * once: triggers neither come nor go until the transaction ends.
   */
  isTriggered(table: CatalogueTable): Promise<boolean>;
  /** The same without asking; false where nothing was asked yet. */
  isKnownTriggered(table: CatalogueTable): boolean;
  /** Gives the triggers the context for this transaction. */
  setTriggerContext(context: string): Promise<void>;
  /** The context that the triggers have; empty for none. */
  triggerContext(): string;
  /** Calls `action` when the open transaction is committed. */
  afterCommit(action: () => void): void;
  /** Makes the triggers of these tables leave the next truncation to us. */
  suppressTruncation(oids: string): Promise<void>;
  /** Makes the triggers capture truncations again. */
  allowTruncation(): Promise<void>;
}

const setContextSql = `select pg_catalog.set_config('bitacora.context', $1, true)`;
const suppressSql = `select pg_catalog.set_config('bitacora.captured_by', $1, true)`;
const allowSql = `select pg_catalog.set_config('bitacora.captured_by', '', true)`;

export function createPgSession(client: PgClient, onCatalogueChange: () => void): PgSession {
  const state = createTransactionState(client, onCatalogueChange);
  const simple = async (text: string): Promise<void> => state.follow(text, await client.query(text));
  const plain = ({ text, values }: SqlCommand): Promise<PgResult> =>
    pgResult(values.length === 0 ? client.query(text) : client.query(text, values));

  return Object.freeze({
    plain,
    isOpen: state.isOpen,
    hasFailed: state.hasFailed,
    triggerContext: state.triggerContext,
    afterCommit: state.afterCommit,
    async follow({ config, text, values }: QueryCall) {
      try {
        const result: unknown = await client.query(values.length === 0 ? config : { ...config, values });
        state.follow(text, result);
        return result;
      } catch (error) {
        state.followFailure(text);
        throw error;
      }
    },
    // The host's `name` belongs to the prepared statement of its own text.
    asHost: ({ config: { name: _name, ...config } }: QueryCall, { text, values }: SqlCommand) =>
      pgResult(client.query({ ...config, text, values })),
    async inTransaction<Result>(work: (own: boolean) => Promise<Result>) {
      if (state.isOpen()) return work(false);
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
    isKnownTriggered: ({ oid }: CatalogueTable) => state.triggered.get(oid) === true,
    async isTriggered(table: CatalogueTable) {
      const isTriggered = state.triggered.get(table.oid) ?? (await hasTriggers(table, plain));
      state.triggered.set(table.oid, isTriggered);
      return isTriggered;
    },
    async setTriggerContext(context: string) {
      if (context === state.triggerContext()) return;
      await plain({ text: setContextSql, values: [context] });
      state.setTriggerContext(context);
    },
    suppressTruncation: async (oids: string) => void (await plain({ text: suppressSql, values: [oids] })),
    allowTruncation: async () => void (await client.query(allowSql)),
  });
}
