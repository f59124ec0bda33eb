import { comparePlaces, type RecentPlace } from './recent-entry.ts';

/** Entries in order of time, oldest first. */
export interface HeldList<Held extends RecentPlace> {
  readonly entries: readonly Held[];
  insert(entry: Held): void;
  /** Removes the entries that do not pass. */
  keep(test: (entry: Held) => boolean): void;
  /** Removes the oldest entry and returns it. */
  shift(): Held | undefined;
  /** The number of entries at or before a place. */
  countUpTo(place: RecentPlace): number;
}

export function createHeldList<Held extends RecentPlace>(): HeldList<Held> {
  let entries: Held[] = [];
  const countUpTo = (place: RecentPlace): number => {
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = entries[middle];
      if (entry && comparePlaces(entry, place) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    get entries() {
      return entries;
    },
    insert(entry) {
      const last = entries.at(-1);
      if (!last || comparePlaces(last, entry) < 0) entries.push(entry);
      else entries.splice(countUpTo(entry), 0, entry);
    },
    keep(test) {
      entries = entries.filter(test);
    },
    shift: () => entries.shift(),
    countUpTo,
  };
}
