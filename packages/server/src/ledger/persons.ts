import type { Database } from '../storage/index.ts';
import { createPersonKeys, type PersonKeys } from './person-keys.ts';
import { createProfiles, type Profiles } from './profiles.ts';
import type { TenantKeys } from './tenant-keys.ts';

export interface Persons {
  keys: PersonKeys['load'];
  readKeys: PersonKeys['read'];
  profileIds: Profiles['ids'];
  readProfiles: Profiles['read'];
}

/** Keys and profiles of one tenant's persons, cached. Missing ones are stored in a transaction of their own before the append. */
export function createPersons(options: {
  database: Database;
  tenant: number;
  tenantKeys: TenantKeys;
}): Persons {
  const keys = createPersonKeys(options);
  const profiles = createProfiles(options, keys);
  return {
    keys: keys.load,
    readKeys: keys.read,
    profileIds: profiles.ids,
    readProfiles: profiles.read,
  };
}
