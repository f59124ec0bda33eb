import type { JsonObject } from '@bitacora/event';
import type { EntryAnswer, Filters, Params, SearchPage, ValuesOf } from '@bitacora/pack-kit';

export const listParams = {
  cliente_id: { in: 'query', type: 'string' },
  usuario_id: { in: 'query', type: 'string' },
  tarjeta: { in: 'query', type: 'string' },
  accion: { in: 'query', type: 'string' },
  cierre: { in: 'query', type: 'string' },
  periodo: { in: 'query', type: 'string' },
  fecha_desde: { in: 'query', type: 'date' },
  fecha_hasta: { in: 'query', type: 'date' },
  page: { in: 'query', type: 'integer', min: 1, default: 1 },
  page_size: { in: 'query', type: 'integer', min: 1, max: 1_000, default: 20 },
} as const satisfies Params;

type ListValues = ValuesOf<typeof listParams>;

export function filtersOf(params: ListValues): Filters {
  const { cliente_id, usuario_id, tarjeta, accion, cierre, periodo, fecha_desde, fecha_hasta } = params;
  const attributes = { usuario_id, tarjeta, accion, estado_cierre: cierre, periodo };
  return {
    ...(cliente_id === undefined ? {} : { subject: cliente_id }),
    ...(fecha_desde === undefined ? {} : { from: fecha_desde }),
    ...(fecha_hasta === undefined ? {} : { to: fecha_hasta }),
    attributes: Object.fromEntries(
      Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
  };
}

/** The number of entries before the page. */
export function offsetOf({ page, page_size }: ListValues): number {
  return (page - 1) * page_size;
}

/** A page of activities in the form that the hosts' existing clients expect. */
export function activityPage({ entries, count = 0, source }: SearchPage, params: ListValues): JsonObject {
  const { page, page_size } = params;
  const pages = Math.ceil(count / page_size);
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
export function activityRow({ index, id, ingestedAt, event }: EntryAnswer): JsonObject {
  const { actor, subject, attributes = {}, client, description, occurredAt } = event;
  const isUser = attributes['usuario_id'] !== undefined;
  return {
    id: index + 1,
    uuid: id,
    cliente_id: attributes['cliente_id'] ?? null,
    cliente_nombre: subject?.name ?? null,
    usuario_id: attributes['usuario_id'] ?? null,
    usuario_nombre: isUser ? (actor.name ?? null) : 'Sistema',
    usuario_email: (isUser ? actor.email : undefined) ?? null,
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
