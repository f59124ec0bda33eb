import type { AuditEvent, GroupName, OpenEvent } from '@bitacora/event';

/** The ledger that an append goes to: the columns that this room needs. The room access reads them. */
export interface LedgerRow {
  id: number;
  tenant: number;
  name: string;
  origin: string;
  retentionClass: number;
}

/** An event after sealing: its bytes are final, but it has no index yet. */
export interface SealedEvent {
  id: string;
  /** The earlier of occurredAt and ingestedAt, ms. */
  at: number;
  /** RFC 8785 text: what is hashed. */
  entry: string;
  leafHash: Buffer;
  /** Encrypted personal values and the MAC of the event as received (values-record.ts). */
  values: Buffer;
  /** First 8 bytes of a keyed hash of the event as received. They distinguish a retry from a conflict. */
  mac: Buffer;
  /** The whole event, for followers in this process, which then need not read the entry back. */
  event: AuditEvent;
  open: OpenEvent;
  /** Canonical JSON of each group's values; undefined when one of its persons was erased, since readers then get fewer values. */
  canonical: { [Name in GroupName]?: string } | undefined;
}

export type AppendResult =
  /** `expired`: imported, although its id may have been purged. */
  | { outcome: 'appended'; id: string; index: number; leafHash: Buffer; expired?: true }
  | { outcome: 'duplicate'; id: string; index: number; leafHash: Buffer }
  | { outcome: 'conflict'; id: string; index: number }
  /** Not stored: the id is so old that its entry may have been purged. */
  | { outcome: 'expired'; id: string };

/**
 * Entries stored together in one row. Reading 50 scattered entries takes 1.2 ms with 16 a row, 3.3 ms with 64
 * (docs/decisions/0001).
 */
export const bundleEntriesMax = 16;
