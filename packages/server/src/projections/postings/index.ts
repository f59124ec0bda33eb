export { createPostings, type Postings, type SpanSet } from './postings.ts';
export * from './rank-set.ts';
export { rankOfPlace, rankOfTime, type Ranks, type Span } from './span.ts';
export type { StoredSpan } from './stored-span.ts';
export {
  fieldName,
  keyOf,
  personalField,
  personalKey,
  personalKeyOf,
  termsOf,
  type IndexedEvent,
  textsOf,
  wordKeyOf,
  wordsOf,
  type Token,
} from './terms.ts';
