export {
  allTime,
  bucketFields,
  bucketMs,
  countEntries,
  createRollups,
  totalFields,
  type RollupCount,
} from './rollups.ts';
