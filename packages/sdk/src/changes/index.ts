export { auditDriver, auditPool, type PgPool } from './audit-pool.ts';
export type { TableChange, TableOptions } from './audited-table.ts';
export type { ChangeOptions } from './change-options.ts';
