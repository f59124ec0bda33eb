import type { Ledger } from '../access/index.ts';

/** Where an entry is. */
export interface Place {
  at: number;
  ledger: Ledger;
  index: number;
}

export type Order = 'asc' | 'desc';
