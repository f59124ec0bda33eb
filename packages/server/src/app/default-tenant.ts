import { scopes, type ApiKeys, type Tenant, type Tenants } from '../access/index.ts';
import type { DataDirectory } from '../storage/index.ts';

/** The tenant that every installation has. */
export const defaultTenant = 'default';

/** The tenant of this name, made when there is none. Two servers that start at the same time get the same one. */
export async function ensureTenant(tenants: Tenants, name: string): Promise<Tenant> {
  const existing = await tenants.find(name);
  if (existing) return existing;
  return tenants.create(name).catch(async (error: unknown) => {
    const madeByAnother = await tenants.find(name);
    if (madeByAnother) return madeByAnother;
    throw error;
  });
}

/**
 * Makes the default tenant at the first start, and a key with all scopes for it. The key stays in the data directory (mode 0600).
 * @returns the key that the operator set, or else the one in the data directory
 */
export async function ensureAdminKey(options: {
  tenants: Tenants;
  apiKeys: ApiKeys;
  /** BITACORA_ADMIN_KEY */
  adminKey: string | undefined;
  directory: DataDirectory;
}): Promise<string> {
  const { tenants, apiKeys, adminKey, directory } = options;
  const tenant = await ensureTenant(tenants, defaultTenant);
  const adopt = (secret: string, name: string): Promise<void> =>
    apiKeys.adopt(secret, { tenant: tenant.id, name, scopes: [...scopes] });
  if (adminKey !== undefined) await adopt(adminKey, 'BITACORA_ADMIN_KEY');
  const ownKey = `bta_own_${directory.secret('admin-key').toString('base64url')}`;
  await adopt(ownKey, 'first key');
  return adminKey ?? ownKey;
}
