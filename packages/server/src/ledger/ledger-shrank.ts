import { AuditError } from '../audit-error.ts';

/** The database was put back under the running server: storing or signing on would contradict what was told. */
export class LedgerShrank extends AuditError {
  constructor(ledger: string, sizes: { known: number; found: number }) {
    super('unavailable', {
      operatorText: `rollback detected in ledger ${ledger}: it had ${sizes.known} entries, now ${sizes.found}`,
      detail: 'the ledger is read-only',
    });
  }
}
