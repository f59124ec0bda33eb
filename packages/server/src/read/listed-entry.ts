import type { EntryView } from '../ledger/index.ts';

/** The members of an entry that a list shows. */
export type ListedEntry = Pick<EntryView, 'index' | 'id' | 'ledger' | 'ingestedAt' | 'event'> & {
  altered?: readonly string[];
};
