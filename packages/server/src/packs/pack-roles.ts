import type { AnyPack } from '@bitacora/pack-kit';
import { isRoleName, partOf, together, type GrantPart } from '../access/index.ts';

/** In a pack's role: it reaches every entry of the pack's actions. */
const readPack = 'read.pack';

/**
 * The names that packs give the roles of their hosts' users. A pack lists permissions under each, and may list a built-in
 * role among them (`Administrador: ['administrator']`), which brings all of its own, or `read.pack`. Without either the role
 * reads its own entries. Undefined for a name that no pack knows; nobody becomes an owner by a pack.
 */
export function createPackRoles(
  packs: readonly AnyPack[],
): (name: string, hostId: string) => GrantPart | undefined {
  return (name, hostId) => {
    const parts = packs.flatMap(({ roles, actions }) =>
      roles && Object.hasOwn(roles, name)
        ? [rolePart(roles[name] ?? [], { actions: Object.keys(actions), hostId })]
        : [],
    );
    return parts.length === 0 ? undefined : together(parts, hostId);
  };
}

function rolePart(
  listed: readonly string[],
  { actions, hostId }: { actions: readonly string[]; hostId: string },
): GrantPart {
  const given = listed.filter((one) => one !== 'owner' && one !== readPack);
  const builtIn = given.filter(isRoleName).map((role) => partOf(role, hostId));
  const named: GrantPart = {
    permissions: ['read', ...given.filter((one) => !isRoleName(one))],
    reach: listed.includes(readPack) ? { kind: 'actions', actions } : { kind: 'own', hostId },
  };
  return together([named, ...builtIn], hostId);
}
