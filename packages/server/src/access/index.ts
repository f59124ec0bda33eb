export {
  createApiKeys,
  scopes,
  type ApiKey,
  type ApiKeyInput,
  type ApiKeys,
  type ScopeName,
} from './api-keys.ts';
export { createDirectory, type Directory, type DirectoryKey, type DirectoryRecord } from './directory.ts';
export {
  auditLedgerName,
  createAccess,
  ledgerFor,
  ledgersFor,
  requireScope,
  scopeOf,
  type Access,
  type Grant,
} from './grants.ts';
export { createTenants, type Ledger, type Tenant, type Tenants } from './tenants.ts';
