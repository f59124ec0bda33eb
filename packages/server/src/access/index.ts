export {
  createApiKeys,
  scopes,
  type ApiKey,
  type ApiKeyInput,
  type ApiKeys,
  type ScopeName,
} from './api-keys.ts';
export { createAccess, type Access, type Credentials } from './authenticate.ts';
export { createDirectory, type Directory, type DirectoryKey, type DirectoryRecord } from './directory.ts';
export {
  auditLedgerName,
  hostIdOf,
  ledgerFor,
  ledgersFor,
  nobody,
  recordsOf,
  requirePermission,
  requireWhole,
  scopeOf,
  type Caller,
  type Grant,
} from './grants.ts';
export { createIdentities, type Identities, type Identity } from './identities.ts';
export { createNetworkList, isWithin, readNetwork, type Network } from './networks.ts';
export { createPeople, type People } from './people.ts';
export {
  isPermissionName,
  isRoleName,
  partOf,
  permissionTable,
  roleNames,
  roleTable,
  together,
  type GrantPart,
  type PermissionName,
  type Reach,
  type RoleName,
} from './permissions.ts';
export { createSecretBox, type SecretBox } from './secret-box.ts';
export type { SignInAnswer } from './sign-in.ts';
export { createTenants, type Ledger, type Tenant, type Tenants } from './tenants.ts';
export type { Origin, UserSession, UserSessions } from './user-sessions.ts';
export { normalEmail, partOfUser, type User, type UserChange, type UserInput, type Users } from './users.ts';
export type { ViewerKey, ViewerKeyInput, ViewerKeys } from './viewer-keys.ts';
export { createViewerTokens } from './viewer-tokens.ts';
