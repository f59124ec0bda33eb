import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { People } from '../people/index.ts';
import type { Tenant } from '../access/index.ts';
import type { DataDirectory } from '../storage/index.ts';

const ownerEmail = 'owner@localhost';

/**
 * The link with which the first owner signs in. It is in the data directory (`keys/owner-link`, mode 0600) and works once.
 * Undefined when the installation has an active owner. The owner may also make tenants.
 */
export async function firstOwnerLink(options: {
  people: People;
  tenant: Tenant;
  directory: DataDirectory;
}): Promise<{ secret: string; file: string } | undefined> {
  const { people, tenant, directory } = options;
  const file = directory.keyFile('owner-link');
  const owners = (await people.users.list(tenant.id)).filter((user) => user.role === 'owner');
  if (owners.some((user) => user.state === 'active')) {
    rmSync(file, { force: true });
    return undefined;
  }
  const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  if (kept !== undefined && (await people.links.look(kept))) return { secret: kept, file };
  const owner =
    owners.find((user) => user.email === ownerEmail) ??
    (await people.users.create(tenant.id, {
      email: ownerEmail,
      name: 'Owner',
      role: 'owner',
      permissions: ['operator'],
    }));
  const secret = await people.links.make({ tenant: tenant.id, user: owner.id, purpose: 'owner' });
  writeFileSync(file, `${secret}\n`, { mode: 0o600, flush: true });
  return { secret, file };
}
