import type { AnyPack } from '@bitacora/pack-kit';
import type { GrantPart } from '../access/index.ts';

/** What the names that packs give their hosts' roles are worth: only with `read.all` others' entries are reached. */
export function packRoles(
  packs: readonly AnyPack[],
): (role: string, hostId: string) => GrantPart | undefined {
  return (role, hostId) => {
    const own = packs.flatMap(({ roles = {} }) => (Object.hasOwn(roles, role) ? [roles[role] ?? []] : []));
    if (own.length === 0) return undefined;
    const permissions = [...new Set(own.flat())];
    return {
      permissions,
      reach: permissions.includes('read.all') ? { kind: 'all' } : { kind: 'own', hostId },
    };
  };
}
