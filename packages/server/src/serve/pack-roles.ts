import type { AnyPack } from '@bitacora/pack-kit';
import { isRoleName, partOf, type GrantPart } from '../access/index.ts';

/**
 * The names that packs give the roles of their hosts' users. A pack lists permissions under each, and may list a built-in
 * role among them (`Administrador: ['administrator']`), which brings all of its own. Without one the role reads its own
 * entries. Undefined for a name that no pack knows; nobody becomes an owner by a pack.
 */
export function createPackRoles(
  packs: readonly AnyPack[],
): (name: string, hostId: string) => GrantPart | undefined {
  return (name, hostId) => {
    const listed = packs.flatMap(({ roles }) =>
      roles && Object.hasOwn(roles, name) ? [roles[name] ?? []] : [],
    );
    if (listed.length === 0) return undefined;
    const given = listed.flat().filter((one) => one !== 'owner');
    const builtIn = given.filter(isRoleName).map((role) => partOf(role, hostId));
    return {
      permissions: [
        'read',
        ...given.filter((one) => !isRoleName(one)),
        ...builtIn.flatMap(({ permissions }) => permissions),
      ],
      reach: builtIn.find(({ reach }) => reach.kind === 'all')?.reach ?? { kind: 'own', hostId },
    };
  };
}
