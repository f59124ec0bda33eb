/** What recent holds; indexes and days are data that packs give. */
export interface RecentSettings {
  /** Each a list of fields, by the names of filters: `[['subject'], ['subject', 'attributes.period']]`. */
  indexes: readonly (readonly string[])[];
  /** Older entries leave. */
  days: number;
  /** Newest entries of each key of an index. */
  entriesMaxPerKey: number;
  /** Newest entries of a ledger. */
  entriesMaxPerLedger: number;
}

/** Lists of packs name their actions: they are looked at without reading the entry. */
export const fieldAlwaysHeld = 'action';
export const dayMs = 86_400_000;
