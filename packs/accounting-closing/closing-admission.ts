import { reject, type AuditEvent } from '@bitacora/event';
import type { Admission, Admitted, DirectoryKey, DirectoryRecord } from '@bitacora/pack-kit';

/**
 * An activity must belong to a closing in the directory. Client, state and user are copied into the event as they are now.
 */
export const closingAdmission: Admission = {
  needs(event) {
    const keys: DirectoryKey[] = [];
    const [closing] = event.targets ?? [];
    if (closing) keys.push({ type: 'closing', id: closing.id });
    if (event.subject?.id !== undefined) keys.push({ type: 'client', id: event.subject.id });
    if (event.actor.type === 'user') keys.push({ type: 'user', id: event.actor.id });
    return keys;
  },
  admit(event, found) {
    const closing = found.get(`closing/${event.targets?.[0]?.id ?? ''}`);
    if (!closing) return { ok: false, rejection: reject('unknown_reference', 'cierre') };
    return { ok: true, event: withNames(event, closing, found) };
  },
};

function withNames(
  event: AuditEvent,
  closing: DirectoryRecord,
  found: ReadonlyMap<string, DirectoryRecord>,
): Extract<Admitted, { ok: true }>['event'] {
  const client = found.get(`client/${event.subject?.id ?? ''}`);
  const user = found.get(`user/${event.actor.id}`);
  const clientName = client?.name ?? textOf(client, 'nombre') ?? textOf(closing, 'cliente_nombre');
  const state = closing.state ?? textOf(closing, 'estado');
  return {
    ...event,
    actor: { ...event.actor, ...(user && event.actor.type === 'user' ? personOf(user) : {}) },
    subject: { ...event.subject, ...(clientName === undefined ? {} : { name: clientName }) },
    attributes: { ...event.attributes, ...(state === undefined ? {} : { estado_cierre: state }) },
  };
}

/** `nombre apellido correo_bdo tipo_usuario`, as the hosts have them. */
function personOf(user: DirectoryRecord): { name?: string; email?: string; role?: string } {
  const parts = [textOf(user, 'nombre'), textOf(user, 'apellido')].filter((part) => part !== undefined);
  const name = user.name ?? (parts.length > 0 ? parts.join(' ') : undefined);
  const email = user.email ?? textOf(user, 'correo_bdo');
  const role = user.role ?? textOf(user, 'tipo_usuario');
  return {
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(role === undefined ? {} : { role }),
  };
}

function textOf(record: DirectoryRecord | undefined, name: string): string | undefined {
  const value = record?.attributes?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
