import type { EntryView } from '../ledger/index.ts';

/** One thing that is not as the signed entries say. */
export interface Difference {
  kind: 'entries' | 'ids' | 'values' | 'postings' | 'counts';
  /** The entry concerned; absent for counts. */
  index?: number;
  /** Names no value. */
  text: string;
}

export type CheckedEntry = Pick<EntryView, 'index' | 'ingestedAt' | 'event' | 'open'>;
