import type { AuditEvent } from '@bitacora/event';

/** An event in its place, as read: the event view joined with the values that still exist. */
export interface Entry {
  /** Its 0-based position in the ledger. */
  readonly index: number;
  readonly id: string;
  readonly ledger: string;
  /** The server's clock, UTC milliseconds. */
  readonly ingestedAt: string;
  readonly event: AuditEvent;
  /** The groups (`actor`, `subject`, `text`) whose stored values are not those the entry was committed to; absent when all are. */
  readonly altered?: readonly string[];
}
