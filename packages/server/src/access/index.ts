export { createApiKeys, scopes, type ApiKey, type ApiKeys } from './api-keys.ts';
export { createAccess, type Access, type Credentials } from './authenticate.ts';
export { createDirectory, type Directory, type StoredRecord } from './directory.ts';
export {
  auditLedgerName,
  hostIdOf,
  ledgerFor,
  ledgersFor,
  nobody,
  recordsOf,
  requireAllLedgers,
  requirePermission,
  requireTenant,
  requireWhole,
  rowAccessOf,
  type Caller,
  type Grant,
} from './grants.ts';
export { createNetworkList, isWithin, networkOf, readNetwork, type Network } from './networks.ts';
export {
  isPermissionName,
  isRoleName,
  partOf,
  permissionTable,
  permittedWithin,
  roleNames,
  roleTable,
  together,
  type GrantPart,
  type PermissionName,
  type Reach,
  type RoleName,
} from './permissions.ts';
export { reachedLedgers } from './reached-ledgers.ts';
export { createSecretBox, type SecretBox } from './secret-box.ts';
export { createTenants, type Ledger, type Tenant, type Tenants } from './tenants.ts';
export { createViewerKeys, type ViewerKey, type ViewerKeys } from './viewer-keys.ts';
export { createViewerTokens } from './viewer-tokens.ts';
