import { ClientError, type Client } from '@bitacora/client';
import type { Progress } from '../progress.ts';

/** What comparing all values of a ledger with its entries found. */
export interface ValuesFound {
  /** The first entry whose stored values do not fit its commitments, and the groups of these values. */
  readonly altered: { readonly index: number; readonly groups: readonly string[] } | undefined;
  /** How many entries were compared. */
  readonly entries: number;
  /** Values that entries commit to and that cannot be read: for each group how many, and the first entry. */
  readonly missing: ReadonlyMap<string, { readonly count: number; readonly first: number }>;
}

/**
 * Has the server compare the values of the entries `[first, end)` with the commitments in the entries. Values are stored
 * beside the tree, so the entries alone do not show that values were replaced or removed. Undefined when the key may not
 * ask for it.
 */
export async function readValues(
  client: Client,
  { ledger, first, end }: { readonly ledger: string; readonly first: number; readonly end: number },
  progress: Progress,
): Promise<ValuesFound | undefined> {
  let altered: ValuesFound['altered'];
  const missing = new Map<string, { count: number; first: number }>();
  let next = first;
  try {
    while (next < end) {
      const found = await client.tlog.values(ledger, next);
      if (found.entries === 0) break;
      altered ??= found.altered[0];
      for (const { index, groups } of found.missing) {
        for (const group of groups) {
          const before = missing.get(group) ?? { count: 0, first: index };
          missing.set(group, { ...before, count: before.count + 1 });
        }
      }
      next += found.entries;
      progress.update({ done: next - first, total: end - first, text: `${next - first} entries' values` });
    }
  } catch (error) {
    if (!(error instanceof ClientError) || error.status !== 403) throw error;
    return undefined;
  }
  return { altered, entries: next - first, missing };
}
