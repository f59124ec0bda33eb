import type { LedgerRow } from '../ledger/index.ts';
import type { RecentEntry } from './recent-entry.ts';
import { fieldAlwaysHeld, type RecentSettings } from './recent-settings.ts';
import type { RecentSource } from './recent-source.ts';

/** The terms of an entry that tell, without reading it, whether it matches a filter of indexed fields. */
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
