import { AuditError } from '../audit-error.ts';

/**
 * The database was put back to an earlier state while the server ran. Storing or signing more would contradict published
 * checkpoints.
 */
export class LedgerShrank extends AuditError {
  constructor(ledger: string, sizes: { before: number; now: number }) {
    super('unavailable', {
      operatorText: `rollback detected in ledger ${ledger}: it had ${sizes.before} entries, now ${sizes.now}`,
      detail: 'the ledger is read-only',
    });
  }
}
