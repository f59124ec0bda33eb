import { ClientError, type Client } from '@bitacora/client';
import type { Progress } from '../progress.ts';

/** The first entry whose stored values do not fit its commitments, and the groups of these values. */
export interface AlteredValues {
  readonly index: number;
  readonly groups: readonly string[];
}

const pageSize = 1_000;

/**
 * Reads all entries of a ledger with their values, which the server compares with the commitments at each read. Values
 * are stored beside the tree, so the entries alone do not show that values were replaced. Undefined when all fit. A key
 * without the scope `read` cannot read them, which is reported through `progress`.
 */
export async function findAltered(
  client: Client,
  ledger: string,
  progress: Progress,
): Promise<AlteredValues | undefined> {
  let first: AlteredValues | undefined;
  let done = 0;
  try {
    for await (const { entries } of client.events.pages({ ledger }, { limit: pageSize, order: 'asc' })) {
      for (const { index, altered } of entries) {
        if (altered !== undefined && (first === undefined || index < first.index))
          first = { index, groups: altered };
      }
      done += entries.length;
      progress.update({ done, text: `${done} entries' values` });
    }
  } catch (error) {
    if (!(error instanceof ClientError) || error.status !== 403) throw error;
    progress.note(`values were not checked: ${error.message}`);
  }
  return first;
}
