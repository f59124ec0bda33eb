export { createPostings, type Postings, type SpanSet } from './postings.ts';
export type { StoredSpan } from './stored-span.ts';
