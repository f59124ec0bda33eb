import { isPgResult, type PgClient } from './pg-client.ts';
import { chains, createCommitActions } from './commit-actions.ts';

/** The state of the transaction on a connection, as the statements on the connection show it. */
export interface TransactionState {
  isOpen(): boolean;
  /** The transaction failed: PostgreSQL refuses every statement until its end. */
  hasFailed(): boolean;
  /** The context that the triggers have in this transaction; empty for none. */
  triggerContext(): string;
  setTriggerContext(context: string): void;
  /** By a table's oid, whether its triggers are there; as far as this transaction has asked. */
  readonly triggered: Map<string, boolean>;
  /** Calls `action` when the transaction is committed. */
  afterCommit(action: () => void): void;
  /** Looks at a statement that succeeded, and at its answer. */
  follow(text: string, result: unknown): void;
  /** Looks at a statement that failed. */
  followFailure(text: string): void;
}

const begins = /^\s*(?:begin|start\s+transaction)\b/i;
const ends = /^\s*(?:commit|end|abort|rollback(?!\s+(?:work\s+|transaction\s+)?to\b))\b/i;
const rollsBack = /^\s*rollback\b/i;
const changesCatalogue = /^\s*(?:create|alter|drop)\b/i;

export function createTransactionState(client: PgClient, onCatalogueChange: () => void): TransactionState {
  const actions = createCommitActions();
  const triggered = new Map<string, boolean>();
  let hasBegun = false;
  let triggerContext = '';

  function isOpen(): boolean {
    const status = client.getTransactionStatus?.();
    return status === undefined || status === null ? hasBegun : status !== 'I';
  }
  function forget(): void {
    triggerContext = '';
    triggered.clear();
  }

  return {
    isOpen,
    hasFailed: () => client.getTransactionStatus?.() === 'E',
    triggerContext: () => triggerContext,
    setTriggerContext(context) {
      triggerContext = context;
    },
    triggered,
    afterCommit: actions.add,
    follow(text, result) {
      if (begins.test(text)) hasBegun = true;
      if (ends.test(text)) hasBegun = false;
      if (changesCatalogue.test(text)) onCatalogueChange();
      // A rollback to a savepoint also takes back the context that was set after it, and the locks.
      if (!isOpen() || rollsBack.test(text) || chains.test(text)) forget();
      // PostgreSQL answers ROLLBACK to the commit of a transaction that failed.
      const isRolledBack = isPgResult(result) && result.command === 'ROLLBACK' && !isOpen();
      actions.follow(isRolledBack ? 'rollback' : text, isOpen());
    },
    followFailure(text) {
      // A commit that fails, for instance by a deferred constraint, also ends the transaction.
      if (!ends.test(text)) return;
      hasBegun = false;
      forget();
      actions.follow('rollback', false);
    },
  };
}
