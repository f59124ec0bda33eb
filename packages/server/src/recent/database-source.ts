import { eventViews, readEntryRange, timeOf, type EntryView } from '../ledger/index.ts';
import { fieldName, termsOf } from '../query/index.ts';
import type { RecentEntry, RecentPlace } from './recent-entry.ts';
import type { RecentSource } from './recent-source.ts';
import { everything } from '../query/index.ts';
import { filterField } from '../query/index.ts';
import { openLedgers, viewsAt, type Place, type ReadContext } from '../read/index.ts';
import { findPlaces } from '../read/index.ts';

/** Entries read at a time. This is work of a few milliseconds, after which other callers have their turn. */
const entriesPerRead = 128;

/** Recent is filled by the same reads that answer a search. */
export function createRecentSource(context: ReadContext): RecentSource {
  const { database, ledgers } = context;
  const names = new Map<string, string>();
  /** Terms of entries, kept as long as the entry itself is in memory. */
  const remembered = new WeakMap<RecentEntry, ReadonlySet<string>>();
  const nameOf = (field: string): string => {
    const existing = names.get(field);
    if (existing !== undefined) return existing;
    const name = fieldName(filterField(field)?.scanned ?? field);
    names.set(field, name);
    return name;
  };
  return {
    heads: database.heads,
    async range(ledger, { first, end }) {
      const entries: { entry: RecentEntry; leafHash: string }[] = [];
      const add = (views: readonly EntryView[]): void => {
        for (const view of views)
          entries.push({ entry: entryOf(view), leafHash: view.leafHash.toString('hex') });
      };
      const appended = ledgers.justAppended(ledger, { first, end });
      if (appended) {
        add(appended);
        return entries;
      }
      const options = {
        persons: ledgers.persons(ledger.tenant),
        tenantKeys: ledgers.tenantKeys(ledger.tenant),
      };
      return database.read({ tenant: ledger.tenant, ledgers: [ledger.id] }, async (client) => {
        for (let start = first; start < end; start += entriesPerRead) {
          const range = { first: start, end: Math.min(end, start + entriesPerRead) };
          add(await eventViews(client, await readEntryRange(client, ledger.id, range), options));
        }
        return entries;
      });
    },
    async newest(row, { size, limit, since }, take) {
      // `Ledger` has a retention period, but reading entries does not use it.
      const ledger = { ...row, retentionDays: null, recordIndex: null };
      const options = {
        scope: { tenant: ledger.tenant, ledgers: [ledger.id] },
        sizes: new Map([[ledger.id, size]]),
        context,
      };
      return openLedgers([ledger], options, async (client, opened) => {
        const wanted = limit + 1;
        const { places } = await findPlaces(client, opened, {
          condition: everything,
          order: 'desc',
          limit: wanted,
          after: undefined,
          context,
        });
        const { held, floor } = heldOf(places, { size, since, limit, cut: places.length === wanted });
        for (let start = 0; start < held.length; start += entriesPerRead) {
          const views = await viewsAt(client, held.slice(start, start + entriesPerRead), context);
          await take(views.map(entryOf));
        }
        return floor;
      });
    },
    termsOfFields(tenant, entry, fields) {
      const scanned = new Set(fields.map((field) => filterField(field)?.scanned ?? field));
      return termsOf(entry, ledgers.tenantKeys(tenant).searchToken, scanned);
    },
    termsOf(tenant, entry) {
      const existing = remembered.get(entry);
      if (existing) return existing;
      const terms = termsOf(entry, ledgers.tenantKeys(tenant).searchToken);
      remembered.set(entry, terms);
      return terms;
    },
    isOf(term, field) {
      const name = nameOf(field);
      // The name is followed by U+0000, or by U+0002 when the value is found only as a whole.
      return term.charCodeAt(name.length) <= 2 && term.startsWith(name);
    },
    async renewEpoch(ledger) {
      await database.write({ tenant: ledger.tenant, ledgers: [ledger.id] }, (client) =>
        client.query({
          name: 'renew-recent-epoch',
          text: `insert into projection as p (name, ledger, fence) values ('recent', $1, 1)
           on conflict (name, ledger) do update set fence = p.fence + 1`,
          values: [ledger.id],
        }),
      );
    },
  };
}

/**
 * The places that are held, from places in order, newest first. `floor` is the newest place that is not held. `cut`: the
 * list ends at a limit, so there may be older places.
 */
function heldOf(
  places: readonly Place[],
  options: { size: number; since: number; limit: number; cut: boolean },
): { held: Place[]; floor: RecentPlace | undefined } {
  const held: Place[] = [];
  for (const place of places) {
    if (place.index >= options.size) continue;
    if (held.length >= options.limit || place.at <= options.since) return { held, floor: placeOf(place) };
    held.push(place);
  }
  const last = options.cut ? held.pop() : undefined;
  return { held, floor: last && placeOf(last) };
}

function placeOf({ at, index }: Place): RecentPlace {
  return { at, index };
}

function entryOf({ index, id, ledger, ingestedAt, event, open, altered }: EntryView): RecentEntry {
  const at = timeOf(event.occurredAt, ingestedAt);
  return { index, at, id, ledger, ingestedAt, event, open, ...(altered ? { altered } : {}) };
}
