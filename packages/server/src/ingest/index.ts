export { createIngest, type EventError, type EventResult, type Ingest, type IngestAnswer } from './ingest.ts';
export { createQuota, type Quota } from './quota.ts';
export { bodyLimits, readBody } from './read-body.ts';
export { operationOf, type Admission, type IngestPack } from './vocabulary.ts';
