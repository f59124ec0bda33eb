import { ClientError, type Client } from '@bitacora/client';
import type { Progress } from '../progress.ts';

/** What reading all values of a ledger found. */
export interface ValuesFound {
  /** The first entry whose stored values do not fit its commitments, and the groups of these values. */
  readonly altered: { readonly index: number; readonly groups: readonly string[] } | undefined;
  /** How many entries were read. */
  readonly entries: number;
  /** Values that entries commit to and that cannot be read: for each group how many, and the first entry. */
  readonly missing: ReadonlyMap<string, { readonly count: number; readonly first: number }>;
}

const pageSize = 1_000;

/**
 * Reads all entries of a ledger with their values, which the server compares with the commitments at each read. Values
 * are stored beside the tree, so the entries alone do not show that values were replaced or removed. Undefined when the key
 * may not read them.
 */
export async function readValues(
  client: Client,
  ledger: string,
  progress: Progress,
): Promise<ValuesFound | undefined> {
  let altered: ValuesFound['altered'];
  const missing = new Map<string, { count: number; first: number }>();
  let done = 0;
  try {
    for await (const { entries } of client.events.pages({ ledger }, { limit: pageSize, order: 'asc' })) {
      for (const { index, altered: groups, event } of entries) {
        if (groups !== undefined && (altered === undefined || index < altered.index))
          altered = { index, groups };
        for (const group of event.erased ?? []) {
          if (groups?.includes(group) === true) continue;
          const { count, first } = missing.get(group) ?? { count: 0, first: index };
          missing.set(group, { count: count + 1, first: Math.min(first, index) });
        }
      }
      done += entries.length;
      progress.update({ done, text: `${done} entries' values` });
    }
  } catch (error) {
    if (!(error instanceof ClientError) || error.status !== 403) throw error;
    return undefined;
  }
  return { altered, entries: done, missing };
}
