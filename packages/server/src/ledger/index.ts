export { createCheckpointFile, publishedCheckpoint, splitNotes } from './checkpoints.ts';
export { eventViews, type EntryView } from './event-views.ts';
export { createLedgers, type AppendedEntries, type Ledgers } from './ledgers.ts';
export { leafHashOf, readEntries, readEntryRange, type StoredEntry } from './read-entries.ts';
export type { Admitted } from './seal.ts';
export type { AppendResult, LedgerRow } from './sealed-event.ts';
export { segmentLimits, type SegmentLimits } from './segments.ts';
export type { TenantKeys } from './tenant-keys.ts';
export { tileHashes } from './tiles.ts';
