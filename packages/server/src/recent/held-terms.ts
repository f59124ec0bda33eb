import type { LedgerRow } from '../ledger/index.ts';
import type { RecentEntry } from './recent-entry.ts';
import { fieldAlwaysHeld, type RecentSettings } from './recent-settings.ts';
import type { RecentSource } from './recent-source.ts';

/**
 * Terms of an entry that are kept in memory. They decide whether it matches a filter of indexed fields, without reading it.
 */
export function heldTerms({
  ledger,
  source,
  settings,
}: {
  ledger: LedgerRow;
  source: RecentSource;
  settings: RecentSettings;
}): (entry: RecentEntry) => ReadonlySet<string> {
  const fields = [...new Set([fieldAlwaysHeld, ...settings.indexes.flat()])];
  return (entry) => source.termsOfFields(ledger.tenant, entry, fields);
}
