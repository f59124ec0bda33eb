import type { Client } from '../storage/index.ts';
import { eventViews } from './event-views.ts';
import type { Persons } from './persons.ts';
import { readEntryRange } from './read-entries.ts';
import type { FollowedEntry, RecentEvents } from './recent-events.ts';
import type { TenantKeys } from './tenant-keys.ts';

/** Entries `[first, end)` for a follower: from memory when this process just appended them, else from the database. */
export async function followEntries(
  client: Client,
  ledger: number,
  range: { first: number; end: number },
  options: { recent: RecentEvents; persons: Persons; tenantKeys: TenantKeys },
): Promise<FollowedEntry[]> {
  const recent = options.recent.read(range.first, range.end);
  if (recent) return recent;
  const entries = await readEntryRange(client, ledger, range);
  const views = await eventViews(client, entries, options);
  return views.map(({ index, event, open, ingestedAt }) => ({
    index,
    event,
    open,
    at: timeOf(event.occurredAt, ingestedAt),
  }));
}

/** The time that sorts an entry, ms. Both texts are UTC milliseconds in the same form, so comparing them compares the times. */
export function timeOf(occurredAt: string | undefined, ingestedAt: string): number {
  return Date.parse(occurredAt !== undefined && occurredAt < ingestedAt ? occurredAt : ingestedAt);
}
