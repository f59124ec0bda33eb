import type { LedgerRow } from '../ledger/index.ts';
import type { Database } from '../storage/index.ts';
import type { RecentPlace, RecentEntry } from './recent-entry.ts';

/** The questions of recent to PostgreSQL. A read after a head sees every entry that the head counts. */
export interface RecentSource {
  /** State of each ledger, by ledger; a ledger without entries may be absent. */
  heads: Database['heads'];
  /** Entries `[first, end)` with the hash of each, hex. Indexes that do not exist are absent. */
  range(
    ledger: LedgerRow,
    range: { first: number; end: number },
  ): Promise<{ entry: RecentEntry; leafHash: string }[]>;
  /**
   * The newest entries below `size`, at most `limit` and none before `since`, newest first in runs.
   * @returns the place of the newest entry that was left out; undefined when none was
   */
  newest(
    ledger: LedgerRow,
    wanted: { size: number; limit: number; since: number },
    take: (entries: RecentEntry[]) => Promise<void>,
  ): Promise<RecentPlace | undefined>;
  /** Every term by which an entry is found. */
  termsOf(tenant: number, entry: RecentEntry): ReadonlySet<string>;
  /** The terms of some fields, by the names of filters. */
  termsOfFields(tenant: number, entry: RecentEntry, fields: readonly string[]): ReadonlySet<string>;
  /** Whether a term belongs to a field. */
  isOf(term: string, field: string): boolean;
  /** Makes all stored values of a ledger invalid, for every process at once. */
  renewEpoch(ledger: LedgerRow): Promise<void>;
}
