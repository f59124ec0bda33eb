import type { EntryView } from '../ledger/index.ts';

/** What a list shows of an entry. */
export type ListedEntry = Pick<EntryView, 'index' | 'id' | 'ledger' | 'ingestedAt' | 'event'> & {
  altered?: readonly string[];
};
