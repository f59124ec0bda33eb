import type { AuditEvent, GroupName, OpenEvent } from '@bitacora/event';

/** The ledger that an append goes to; access finds it, the ledger stage needs only this of it. */
export interface LedgerRow {
  id: number;
  tenant: number;
  name: string;
  origin: string;
  retentionClass: number;
}

/** An event after admission: its bytes are final, only its place in the ledger is still open. */
export interface SealedEvent {
  id: string;
  /** Earlier of occurredAt and ingestedAt, ms. */
  at: number;
  /** RFC 8785 text: what is hashed. */
  entry: string;
  leafHash: Buffer;
  /** Encrypted personal values and the MAC of the event as received (values-record.ts). */
  values: Buffer;
  /** First 8 bytes of a keyed hash of the event as received: tells a retry from a conflict. */
  mac: Buffer;
  /** What followers of this process index and count without reading it back. */
  event: AuditEvent;
  open: OpenEvent;
  /** Canonical JSON of each group's values; undefined when a person of it was erased, and readers get less than was sent. */
  canonical: { [Name in GroupName]?: string } | undefined;
}

export type AppendResult =
  /** `expired`: imported, although its id may have been purged. */
  | { outcome: 'appended'; id: string; index: number; leafHash: Buffer; expired?: true }
  | { outcome: 'duplicate'; id: string; index: number; leafHash: Buffer }
  | { outcome: 'conflict'; id: string; index: number }
  /** Not stored: its id is older than what was purged of the ledger, and may have been among it. */
  | { outcome: 'expired'; id: string };

/** Entries stored together in one row; 50 scattered ones cost 1.2 ms to read at 16, 3.3 at 64 (docs/decisions/0001). */
export const bundleEntriesMax = 16;
