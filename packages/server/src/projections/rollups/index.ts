export { allTime, bucketMs, countEntries, createRollups, totalFields, type RollupCount } from './rollups.ts';
