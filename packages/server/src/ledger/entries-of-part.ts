import { parseEntry } from '@bitacora/event';
import { AuditError } from '../audit-error.ts';
import type { Database } from '../storage/index.ts';
import type { SegmentPart } from './due-segments.ts';
import { timeOf } from './follow-entries.ts';
import { readEntryRange } from './read-entries.ts';
import type { FollowedEntry } from './recent-events.ts';
import type { LedgerRow } from './sealed-event.ts';

const entriesPerRead = 5_000;

export type PartEntry = Pick<FollowedEntry, 'at' | 'open'> & { leafHash: Buffer; ingestedAt: string };

/** The entries of a segment's part in batches, with what is needed to count and to check them. @throws unavailable when one is missing */
export async function* entriesOfPart(
  database: Database,
  ledger: LedgerRow,
  part: SegmentPart,
): AsyncGenerator<PartEntry[]> {
  const rowAccess = { tenant: ledger.tenant, ledgers: [ledger.id] };
  for (let first = part.firstIndex; first < part.endIndex; first += entriesPerRead) {
    const end = Math.min(part.endIndex, first + entriesPerRead);
    const entries = await database.read(rowAccess, (client) =>
      readEntryRange(client, ledger.id, { first, end }),
    );
    if (entries.length !== end - first) {
      throw new AuditError('unavailable', {
        detail: `ledger ${ledger.name} lacks entries between ${first} and ${end}: verify it before anything is removed`,
      });
    }
    yield entries.map(({ entry, leafHash }) => {
      const { open, ingestedAt } = parseEntry(entry);
      return { at: timeOf(open.occurredAt, ingestedAt), open, leafHash, ingestedAt };
    });
  }
}
