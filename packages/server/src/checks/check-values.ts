import { eventViews, readEntryRange, type EntryView } from '../ledger/index.ts';
import type { LedgerRow, Ledgers, StoredEntry } from '../ledger/index.ts';
import type { Client } from '../storage/index.ts';

/** The entries of a range whose values were replaced, and those whose values cannot be read, with the groups concerned. */
export interface ValueFaults {
  entries: number;
  altered: { index: number; groups: readonly string[] }[];
  missing: { index: number; groups: readonly string[] }[];
}

/** Compares the stored values of entries `[first, end)` with the commitments in the entries. */
export async function checkValues(
  client: Client,
  ledger: LedgerRow,
  range: { first: number; end: number; ledgers: Ledgers },
): Promise<ValueFaults> {
  const entries = await readEntryRange(client, ledger.id, range);
  return faultsIn(await freshViews(client, ledger, { entries, ledgers: range.ledgers }));
}

/** The views of entries as the database gives them: nothing that this process remembers of a person is used. */
export function freshViews(
  client: Client,
  ledger: LedgerRow,
  { entries, ledgers }: { entries: readonly StoredEntry[]; ledgers: Ledgers },
): Promise<EntryView[]> {
  const persons = ledgers.unrememberedPersons(ledger.tenant);
  return eventViews(client, entries, { persons, tenantKeys: ledgers.tenantKeys(ledger.tenant) });
}

export function faultsIn(views: readonly EntryView[]): ValueFaults {
  const faults: ValueFaults = { entries: views.length, altered: [], missing: [] };
  for (const { index, altered = [], event } of views) {
    if (altered.length > 0) faults.altered.push({ index, groups: altered });
    const gone = (event.erased ?? []).filter((group) => !altered.includes(group));
    if (gone.length > 0) faults.missing.push({ index, groups: gone });
  }
  return faults;
}
