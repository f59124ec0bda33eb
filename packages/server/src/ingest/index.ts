export {
  createIngest,
  type EventError,
  type EventResult,
  type Ingest,
  type IngestAnswer,
  type IngestTarget,
} from './ingest.ts';
export { createQuota, type Quota } from './quota.ts';
export { bodyLimits, readBody } from './read-body.ts';
export { operationOf } from './vocabulary.ts';
export { createPackLedgers, type PackLedgers } from './pack-ledgers.ts';
export { isInstance, readRanges, readSequences, type Sequences } from './sequences.ts';
export { createSources, type Source, type SourceReport, type Sources } from './sources.ts';
