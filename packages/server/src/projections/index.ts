export { beginAtEnd } from './begin-at-end.ts';
export { catchUp } from './catch-up.ts';
export { follow, rebuild, releaseLeases } from './follow.ts';
export { createPostings, type Postings, type SpanSet, type StoredSpan } from './postings/index.ts';
export type { Projection } from './projection.ts';
export {
  allTime,
  bucketMs,
  countEntries,
  createRollups,
  totalFields,
  type RollupCount,
} from './rollups/index.ts';
