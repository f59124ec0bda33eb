import type { LedgerRow } from '../../ledger/index.ts';
import type { RecentEntry } from './recent-entry.ts';
import { fieldAlwaysHeld, type RecentSettings } from './recent-settings.ts';
import type { RecentSource } from './recent-source.ts';

/** The terms of an entry that tell, without reading it, whether it matches a filter of indexed fields. */
export function heldTerms(
  entry: RecentEntry,
  { ledger, source, settings }: { ledger: LedgerRow; source: RecentSource; settings: RecentSettings },
): ReadonlySet<string> {
  const fields = [...new Set([fieldAlwaysHeld, ...settings.indexes.flat()])];
  const terms = [...source.termsOf(ledger.tenant, entry)];
  return new Set(terms.filter((term) => fields.some((field) => source.isOf(term, field))));
}
