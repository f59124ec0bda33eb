import type { EventView } from '@bitacora/event';

/** An event in its place, as the server answers it: with the personal values that still exist. */
export interface Entry {
  /** Its 0-based position in the ledger. */
  readonly index: number;
  readonly id: string;
  readonly ledger: string;
  /** The server's clock, UTC milliseconds. */
  readonly ingestedAt: string;
  readonly event: EventView;
  /**
   * The groups (`actor`, `subject`, `text`) whose stored values differ from the commitments of the entry; absent when none
   * differs.
   */
  readonly altered?: readonly string[];
}
