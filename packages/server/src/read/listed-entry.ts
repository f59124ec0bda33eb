import type { EntryView } from '../ledger/index.ts';

/** The members of an entry that a list shows. */
export type ListedEntry = Pick<EntryView, 'index' | 'id' | 'ledger' | 'ingestedAt' | 'event'> & {
  altered?: readonly string[];
};

/** An entry as answers show it: only the members that lists have. */
export function shownEntry({ index, id, ledger, ingestedAt, event, altered }: ListedEntry): ListedEntry {
  return { index, id, ledger, ingestedAt, event, ...(altered ? { altered } : {}) };
}
