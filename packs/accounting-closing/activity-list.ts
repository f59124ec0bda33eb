import type { AuditEvent, JsonObject, JsonValue } from '@bitacora/event';
import type { Filters, ParamValues } from '@bitacora/pack-kit';

/** An entry as the core answers it. */
type Entry = {
  readonly index: number;
  readonly id: string;
  readonly ingestedAt: string;
  readonly event: AuditEvent;
};

export function filtersOf(params: ParamValues): Filters {
  const { cliente_id, usuario_id, tarjeta, accion, cierre, periodo, fecha_desde, fecha_hasta } = params;
  const attributes = { usuario_id, tarjeta, accion, estado_cierre: cierre, periodo };
  const asked = Object.entries(attributes).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return {
    ...(typeof cliente_id === 'string' ? { subject: cliente_id } : {}),
    ...(typeof fecha_desde === 'string' ? { from: fecha_desde } : {}),
    ...(typeof fecha_hasta === 'string' ? { to: fecha_hasta } : {}),
    attributes: Object.fromEntries(asked),
  };
}

/** Page number and size; both have defaults and limits in the route's parameters. */
export function pageOf(params: ParamValues): { page: number; size: number } {
  const { page, page_size } = params;
  return { page: Number(page ?? 1), size: Number(page_size ?? 20) };
}

/** The list of the older clients. */
export function activityPage(answer: JsonValue, params: ParamValues): JsonObject {
  const { entries, count, source } = answer as unknown as {
    entries: readonly Entry[];
    count: number;
    source: string;
  };
  const { page, size } = pageOf(params);
  const pages = Math.ceil(count / size);
  return {
    results: entries.map(activityRow),
    count,
    total_pages: pages,
    current_page: page,
    has_next: page < pages,
    has_previous: page > 1,
    source: source === 'recent' ? 'redis' : 'postgres',
  };
}

/** The fifteen fields of an activity, and the event's own id as `uuid`. */
export function activityRow({ index, id, ingestedAt, event }: Entry): JsonObject {
  const { actor, subject, attributes = {}, client, description, occurredAt } = event;
  const known = attributes['usuario_id'] !== undefined;
  return {
    id: index + 1,
    uuid: id,
    cliente_id: attributes['cliente_id'] ?? null,
    cliente_nombre: subject?.name ?? null,
    usuario_id: attributes['usuario_id'] ?? null,
    usuario_nombre: known ? (actor.name ?? null) : 'Sistema',
    usuario_email: (known ? actor.email : undefined) ?? null,
    tarjeta: attributes['tarjeta'] ?? null,
    accion: attributes['accion'] ?? null,
    descripcion: description ?? null,
    resultado: attributes['resultado'] ?? null,
    timestamp: occurredAt !== undefined && occurredAt < ingestedAt ? occurredAt : ingestedAt,
    ip_address: client?.ip ?? null,
    detalles: attributes['detalles'] ?? {},
    estado_cierre: attributes['estado_cierre'] ?? null,
    periodo_cierre: attributes['periodo'] ?? null,
  };
}
