export { createIngest, type EventResult, type Ingest, type IngestAnswer } from './ingest.ts';
export { createPackLedgers, type PackLedgers } from './pack-ledgers.ts';
export { createQuota, type Quota } from './quota.ts';
export { bodyLimits, readBody } from './read-body.ts';
export { actorOf, auditLedgerOf, reportAct, type Act } from './report-act.ts';
export { isInstance, readRanges, readSequences } from './sequences.ts';
export { createSources, type Sources } from './sources.ts';
export { refusalOf } from './refusal.ts';
export { storeEvents, writableLedger, type StoreOptions } from './store-events.ts';
