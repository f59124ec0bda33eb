import { eventViews, readEntryRange, timeOf, type EntryView } from '../ledger/index.ts';
import { fieldName, termsOf } from '../query/index.ts';
import type { RecentEntry, RecentPlace } from './recent-entry.ts';
import type { RecentSource } from './recent-source.ts';
import { everything } from '../query/index.ts';
import { filterField } from '../query/index.ts';
import { openLedgers, viewsAt, type Place, type ReadContext } from '../read/index.ts';
import { findPlaces } from '../read/index.ts';

/** Entries read at a time: a few milliseconds of work, then others have their turn. */
const entriesPerRead = 128;

/** What recent is made of: the same reads that answer a search. */
export function createRecentSource(context: ReadContext): RecentSource {
  const { database, ledgers } = context;
  const names = new Map<string, string>();
  /** Terms of entries that are in memory, and no longer than they are. */
  const remembered = new WeakMap<RecentEntry, ReadonlySet<string>>();
  const nameOf = (field: string): string => {
    const known = names.get(field);
    if (known !== undefined) return known;
    const made = fieldName(filterField(field)?.scanned ?? field);
    names.set(field, made);
    return made;
  };
  return {
    heads: database.heads,
    async range(ledger, { first, end }) {
      const found: { entry: RecentEntry; leafHash: string }[] = [];
      const add = (views: readonly EntryView[]): void => {
        for (const view of views)
          found.push({ entry: entryOf(view), leafHash: view.leafHash.toString('hex') });
      };
      const appended = ledgers.justAppended(ledger, { first, end });
      if (appended) {
        add(appended);
        return found;
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
        return found;
      });
    },
    async newest(row, { size, limit, since }, take) {
      // How long entries are kept plays no part in reading them.
      const ledger = { ...row, retentionDays: null };
      const options = {
        scope: { tenant: ledger.tenant, ledgers: [ledger.id] },
        sizes: new Map([[ledger.id, size]]),
        context,
      };
      return openLedgers([ledger], options, async (client, opened) => {
        const wanted = limit + 1;
        const { places } = await findPlaces(client, opened, {
          ...{ condition: everything, order: 'desc', limit: wanted, after: undefined, context },
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
      const known = remembered.get(entry);
      if (known) return known;
      const made = termsOf(entry, ledgers.tenantKeys(tenant).searchToken);
      remembered.set(entry, made);
      return made;
    },
    isOf(term, field) {
      const name = nameOf(field);
      // After the name stands U+0000 before a value, U+0002 before one that is found whole only.
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

/** Of places, newest first, those that are held, and the first that is not. `cut`: there may be more. */
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
