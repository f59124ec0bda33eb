import { AuditError } from '../audit-error.ts';
import { LedgerShrank } from './ledger-shrank.ts';
import type { LedgerRow } from './sealed-event.ts';

export type RollbackListener = (problem: string) => void;

/** The ledgers that were put back to an earlier state. Such a ledger is read-only until the process ends. */
export interface RollbackWatch {
  /** Calls the listener once for each ledger, from now on. */
  onRollback(listener: RollbackListener): void;
  add(ledger: LedgerRow, problem: string): void;
  has(ledger: LedgerRow): boolean;
  /** @throws unavailable when the ledger is rolled back */
  requireWritable(ledger: LedgerRow): void;
  /** Waits for work on a ledger. When the work fails with `LedgerShrank`, the ledger counts as rolled back. */
  during<T>(ledger: LedgerRow, work: Promise<T>): Promise<T>;
}

export function createRollbackWatch(): RollbackWatch {
  const problems = new Map<number, string>();
  const listeners: RollbackListener[] = [];
  const add = (ledger: LedgerRow, problem: string): void => {
    if (problems.has(ledger.id)) return;
    problems.set(ledger.id, problem);
    for (const listener of listeners) listener(problem);
  };
  return {
    onRollback: (listener) => void listeners.push(listener),
    add,
    has: (ledger) => problems.has(ledger.id),
    requireWritable(ledger) {
      const operatorText = problems.get(ledger.id);
      if (operatorText !== undefined)
        throw new AuditError('unavailable', { operatorText, detail: 'the ledger is read-only' });
    },
    async during(ledger, work) {
      try {
        return await work;
      } catch (error) {
        if (error instanceof LedgerShrank) add(ledger, error.message);
        throw error;
      }
    },
  };
}
