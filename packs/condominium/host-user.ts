import type { EventInput, JsonObject } from '@bitacora/event';
import { idText } from '@bitacora/pack-kit';

/** `usuario` as hosts pass it: an id of the directory, or the user with what is known of him. Nobody: the system itself. */
export type HostUser =
  | string
  | number
  | null
  | {
      readonly id: string | number;
      readonly username?: string | null;
      readonly nombre_completo?: string | null;
      readonly first_name?: string | null;
      readonly last_name?: string | null;
      readonly email?: string | null;
      readonly role?: string | null;
      readonly rol?: string | null;
    };

/** The actor, and the attributes that go with him. */
export function actorOf(user: HostUser | undefined): { actor: EventInput['actor']; attributes: JsonObject } {
  if (user === undefined || user === null)
    return { actor: { type: 'system', id: 'sistema', name: 'Sistema' }, attributes: {} };
  if (typeof user !== 'object') return { actor: { type: 'user', id: idText(user) }, attributes: {} };
  const name = user.nombre_completo ?? joined(user.first_name, user.last_name);
  const role = user.role ?? user.rol;
  return {
    actor: {
      type: 'user',
      id: idText(user.id),
      ...(name === undefined ? {} : { name }),
      ...(typeof user.email === 'string' && user.email !== '' ? { email: user.email } : {}),
      ...(typeof role === 'string' && role !== '' ? { role } : {}),
    },
    attributes: typeof user.username === 'string' && user.username !== '' ? { username: user.username } : {},
  };
}

/** Names of which some may be missing, as one; undefined without any. */
export function joined(...names: readonly (string | null | undefined)[]): string | undefined {
  const known = names.filter((name) => typeof name === 'string' && name !== '');
  return known.length === 0 ? undefined : known.join(' ');
}
