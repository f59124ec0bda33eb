import type { AnyPack } from '@bitacora/pack-kit';
import { isRoleName, partOf, together, type GrantPart } from '../access/index.ts';

/** A role of a pack with this permission reaches every entry of the pack's actions. */
const readPack = 'read.pack';

/**
 * The grant of a role of a host's users, by the role name that packs give it. A pack lists permissions under each name. It
 * may also list a built-in role (`Administrador: ['administrator']`), which adds all permissions of that role, or
 * `read.pack`. Without either, people with the role read only their own entries. Undefined for a name that no pack has. A
 * pack cannot make anybody an owner.
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
  const given = listed.filter((permission) => permission !== 'owner' && permission !== readPack);
  const builtIn = given.filter(isRoleName).map((role) => partOf(role, hostId));
  const named: GrantPart = {
    permissions: ['read', ...given.filter((permission) => !isRoleName(permission))],
    reach: listed.includes(readPack) ? { kind: 'actions', actions } : { kind: 'own', hostId },
  };
  return together([named, ...builtIn], hostId);
}
