import type { LedgerRow } from '../ledger/index.ts';
import type { Client } from '../storage/index.ts';

/** Anything that follows a ledger. Its writes and its cursor move in one transaction. */
export interface Projection {
  /** Also the name of its cursor. */
  name: string;
  /** Its ranges begin at multiples of this; 1 when absent. */
  step?: number;
  /** The end of the next range, between `cursor` and `size`; `cursor` itself when there is nothing to do yet. */
  next(cursor: number, size: number): number;
  /** Reads what the projection needs, before the transaction. It writes nothing. */
  prepare?(ledger: LedgerRow, range: { first: number; end: number }): Promise<void>;
  /** Writes for entries `[first, end)`. Called again with the same range after a crash. */
  project(client: Client, ledger: LedgerRow, range: { first: number; end: number }): Promise<void>;
  /** Called after the commit. */
  projected?(ledger: LedgerRow, range: { first: number; end: number }): void;
  /** Deletes all rows that the projection wrote. The caller sets its cursor back to 0. */
  reset(client: Client, ledger: LedgerRow): Promise<void>;
}
