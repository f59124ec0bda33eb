export type { LedgerProblem, ProblemKind, SeenCheckpoint, WatchedReceipt, WatchVerdict } from './verdict.ts';
export { watchLedger, type LedgerWatch } from './watch-ledger.ts';
export type { WatchOptions } from './watch-options.ts';
