import type { EventInput, JsonObject } from '@bitacora/event';
import { idText } from '@bitacora/pack-kit';

/**
 * `usuario` as hosts pass it: an id of the directory, or an object that describes the user. Null or absent: the system
 * itself.
 */
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

/** The actor of an event, and the attributes that describe them. */
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

/** Joins names, some of which may be missing; undefined when all are missing. */
export function joined(...names: readonly (string | null | undefined)[]): string | undefined {
  const present = names.filter((name) => typeof name === 'string' && name !== '');
  return present.length === 0 ? undefined : present.join(' ');
}
