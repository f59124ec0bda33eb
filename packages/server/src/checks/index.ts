export { checkLedger, type CheckReport, type Difference } from './check-ledger.ts';
export { checkValues, type ValueFaults } from './check-values.ts';
