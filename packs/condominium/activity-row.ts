import type { AuditEvent, JsonObject, JsonValue } from '@bitacora/event';
import type { EntryAnswer, PackLabels } from '@bitacora/pack-kit';
import { importanceColours, importanceOf } from './importance.ts';

/** A row of the hosts' list, with the core's id and the duration added. */
export function activityRow({ index, id, ingestedAt, event }: EntryAnswer, labels: PackLabels): JsonObject {
  const { description, client, outcome, error, occurredAt, level = 'low', attributes = {} } = event;
  const kind = textOf(attributes['tipo_actividad']) ?? event.action;
  return {
    id: index + 1,
    uuid: id,
    timestamp: occurredAt !== undefined && occurredAt < ingestedAt ? occurredAt : ingestedAt,
    usuario_info: userOf(event),
    tipo_actividad: kind,
    tipo_actividad_display: kindLabel(kind, labels),
    descripcion: description ?? '',
    nivel_importancia: importanceOf[level],
    nivel_importancia_display: labels.values['level']?.[level]?.es ?? importanceOf[level],
    nivel_color: importanceColours[importanceOf[level]],
    ip_address: client?.ip ?? null,
    es_exitoso: outcome !== 'failure',
    mensaje_error: error?.message ?? null,
    objeto_afectado_str: objectText(event),
    datos_adicionales: attributes['datos_adicionales'] ?? {},
    duration_ms: event.durationMs ?? null,
  };
}

/** The same, with the values that only the page of a single entry shows. */
export function activityDetail(entry: EntryAnswer, labels: PackLabels): JsonObject {
  const { targets, client, changes = [] } = entry.event;
  const target = targets?.[0];
  return {
    ...activityRow(entry, labels),
    user_agent: client?.userAgent ?? null,
    datos_anteriores: stateOf(changes.map(({ path, before }) => [path, before])),
    datos_nuevos: stateOf(changes.map(({ path, after }) => [path, after])),
    content_type: target?.type ?? null,
    object_id: target ? hostId(target.id) : null,
  };
}

/** A line of an export. Only the data that the host added may be nested. */
export function activityLine(entry: EntryAnswer, labels: PackLabels): JsonObject {
  const { usuario_info, nivel_color: _, ...row } = activityDetail(entry, labels);
  const user = typeof usuario_info === 'object' && usuario_info && 'id' in usuario_info ? usuario_info : {};
  const { id, uuid, timestamp, ...rest } = row;
  return {
    id: id ?? null,
    uuid: uuid ?? null,
    timestamp: timestamp ?? null,
    usuario_id: user['id'] ?? null,
    username: user['username'] ?? null,
    nombre_completo: user['nombre_completo'] ?? null,
    email: user['email'] ?? null,
    ...rest,
  };
}

/** The user of an event; null when the system itself acted. */
export function userOf({ actor, attributes }: AuditEvent): JsonObject | null {
  if (actor.type !== 'user') return null;
  return {
    id: hostId(actor.id),
    username: textOf(attributes?.['username']) ?? actor.name ?? actor.id,
    nombre_completo: actor.name ?? null,
    email: actor.email ?? null,
  };
}

/** Hosts count their users and objects; the core's ids are texts. */
export function hostId(id: string): string | number {
  return /^(0|[1-9]\d{0,14})$/.test(id) ? Number(id) : id;
}

export function kindLabel(kind: string, { values }: PackLabels): string {
  const label = values['attributes.tipo_actividad']?.[kind]?.es;
  if (label !== undefined) return label;
  const words = kind.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function objectText({ targets }: AuditEvent): string {
  const target = targets?.[0];
  if (!target) return 'N/A';
  return target.name ?? `${target.type} ${target.id}`;
}

function stateOf(pairs: readonly (readonly [string, JsonValue | undefined])[]): JsonObject | null {
  const present = pairs.filter((pair): pair is [string, JsonValue] => pair[1] !== undefined);
  return present.length === 0 ? null : Object.fromEntries(present);
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
