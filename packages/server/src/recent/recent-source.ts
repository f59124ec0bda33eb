import type { LedgerRow } from '../ledger/index.ts';
import type { Database } from '../storage/index.ts';
import type { RecentPlace, RecentEntry } from './recent-entry.ts';

/** What recent asks PostgreSQL. All that a head counts is in what is read after it. */
export interface RecentSource {
  /** State of each ledger, by ledger; one that has no entry may be absent. */
  heads: Database['heads'];
  /** Entries `[first, end)` with the hash of each, hex. Indexes that do not exist are absent. */
  range(
    ledger: LedgerRow,
    range: { first: number; end: number },
  ): Promise<{ entry: RecentEntry; leafHash: string }[]>;
  /**
   * The newest entries below `size`, at most `limit` and none before `since`, newest first in runs.
   * @returns the place of the newest that was left out; undefined when there is none
   */
  newest(
    ledger: LedgerRow,
    wanted: { size: number; limit: number; since: number },
    take: (entries: RecentEntry[]) => Promise<void>,
  ): Promise<RecentPlace | undefined>;
  /** Every term that an entry is found by. */
  termsOf(tenant: number, entry: RecentEntry): ReadonlySet<string>;
  /** Those of the terms that are of fields, by the names of filters. */
  termsOfFields(tenant: number, entry: RecentEntry, fields: readonly string[]): ReadonlySet<string>;
  /** Whether a term is of a field. */
  isOf(term: string, field: string): boolean;
  /** Makes all that was held of a ledger worthless, for every process at once. */
  renewEpoch(ledger: LedgerRow): Promise<void>;
}
