import type { LedgerRow } from '../ledger/index.ts';
import type { Client } from '../storage/index.ts';

/** Anything that follows a ledger. Its writes and its cursor move in one transaction. */
export interface Projection {
  /** Also the name of its cursor. */
  name: string;
  /** Its ranges begin at multiples of this; 1 where nothing is said. */
  step?: number;
  /** Up to where it can go next, between `cursor` and `size`; `cursor` itself when there is nothing to do yet. */
  next(cursor: number, size: number): number;
  /** What it needs before the transaction, without writing. */
  prepare?(ledger: LedgerRow, range: { first: number; end: number }): Promise<void>;
  /** Writes for entries `[first, end)`. Called again with the same range after a crash. */
  project(client: Client, ledger: LedgerRow, range: { first: number; end: number }): Promise<void>;
  /** Told after the commit. */
  projected?(ledger: LedgerRow, range: { first: number; end: number }): void;
  /** Throws away what it wrote; its cursor goes back to 0. */
  reset(client: Client, ledger: LedgerRow): Promise<void>;
}
