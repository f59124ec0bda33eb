import { reject, type Actor, type AuditEvent } from '@bitacora/event';
import type { Admission, DirectoryRecord } from '@bitacora/pack-kit';
import { joined } from './host-user.ts';
import { kindOfAction, declaredKind } from './kinds.ts';

const kindCharsMax = 100;
const denied = ['error_sistema', 'acceso_denegado'];

/** Gives every entry its kind, its level, and the user's name at that time. */
export const activityAdmission: Admission = {
  needs: ({ actor }) => (actor.type === 'user' ? [{ type: 'user', id: actor.id }] : []),
  admit(event, found) {
    const named = event.attributes?.['tipo_actividad'];
    const kind = named ?? kindOfAction(event.action);
    if (kind === undefined) return { ok: false, rejection: reject('required', 'tipo_actividad') };
    if (typeof kind !== 'string') return { ok: false, rejection: reject('wrong_type', 'tipo_actividad') };
    if (kind === '' || kind.length > kindCharsMax)
      return { ok: false, rejection: reject(kind === '' ? 'too_short' : 'too_long', 'tipo_actividad') };
    const user = event.actor.type === 'user' ? found.get(`user/${event.actor.id}`) : undefined;
    return { ok: true, event: completed(event, kind, user) };
  },
};

function completed(event: AuditEvent, kind: string, user: DirectoryRecord | undefined): AuditEvent {
  const outcome =
    event.outcome ??
    (denied.includes(kind) || event.action === 'session.login_failed' ? 'failure' : 'success');
  const username = event.attributes?.['username'] ?? textOf(user, 'username');
  return {
    ...event,
    actor: user ? withRecord(event.actor, user) : event.actor,
    outcome,
    level:
      event.level ??
      (kind === 'login' && outcome === 'failure' ? 'high' : declaredKind(kind)?.level) ??
      'low',
    attributes: {
      ...event.attributes,
      tipo_actividad: kind,
      ...(username === undefined ? {} : { username }),
    },
  };
}

/** Values that the host sent with the event count before those of the directory. */
function withRecord(actor: Actor, user: DirectoryRecord): Actor {
  const name =
    actor.name ??
    user.name ??
    textOf(user, 'nombre_completo') ??
    joined(textOf(user, 'first_name'), textOf(user, 'last_name'));
  const email = actor.email ?? user.email;
  const role = actor.role ?? user.role ?? textOf(user, 'rol');
  return {
    ...actor,
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(role === undefined ? {} : { role }),
  };
}

function textOf(record: DirectoryRecord | undefined, name: string): string | undefined {
  const value = record?.attributes?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
