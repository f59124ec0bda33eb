import { definePack, packRoute, type Params, type Refused, type ValuesOf } from '@bitacora/pack-kit';
import { activityEvent, results, type Activity } from './activity.ts';
import { closingLogger } from './closing-logger.ts';
import { activityPage, activityRow, filtersOf, listParams, offsetOf } from './activity-list.ts';
import { closingAdmission } from './closing-admission.ts';

export { closingLogger };

const say = (en: string, es: string, ru: string) => ({ en, es, ru });
const path = '/api/contabilidad/logs-actividad/';

const activityParams = {
  cliente_id: { in: 'body', type: 'scalar', required: true },
  periodo: { in: 'body', type: 'string', required: true },
  tarjeta: { in: 'body', type: 'string', required: true },
  accion: { in: 'body', type: 'string', required: true },
  descripcion: { in: 'body', type: 'string', min: 0, max: 20_000, required: true },
  usuario: { in: 'body', type: 'scalar' },
  detalles: { in: 'body', type: 'json' },
  resultado: { in: 'body', type: { enum: results } },
  ip_address: { in: 'body', type: 'string' },
} as const satisfies Params;

const idParams = ['cliente_id', 'usuario_id'] as const;

/** The ids that hosts give their clients and users are numbers, or texts with a digit in them, such as UUIDs. */
function isId(value: string | undefined): boolean {
  return value === undefined || /^(?=.*\d)[\p{L}\d][\p{L}\d_:@-]*$/u.test(value);
}

function notAnId(parameter: string): Refused {
  return { refused: { code: 'invalid_parameter', parameter, detail: `${parameter} no es un id` } };
}

/** The arguments without those that were left out. */
function activityOf(params: ValuesOf<typeof activityParams>): Activity {
  const { usuario = null, detalles = {}, resultado = null, ip_address = null, ...rest } = params;
  return { ...rest, usuario, detalles, resultado, ip_address };
}

/**
 * Accounting firms close a client's period card by card. The pack records who did what on which card, and never removes
 * entries.
 */
export const accountingClosing = definePack({
  name: 'accounting-closing',
  actions: {
    'card.activity': {
      operation: 'update',
      module: 'contabilidad',
      labels: say('Card activity', 'Actividad de tarjeta', 'Действие с карточкой'),
    },
  },
  attributes: {
    cliente_id: 'json',
    periodo: 'string',
    tarjeta: 'string',
    accion: 'string',
    detalles: 'json',
    resultado: { enum: results },
    usuario_id: 'json',
    estado_cierre: 'string',
    // For an imported entry this is its number in the former table.
    id_anterior: 'json',
  },
  labels: {
    'attributes.resultado': {
      exito: say('Success', 'Éxito', 'Успех'),
      error: say('Error', 'Error', 'Ошибка'),
      advertencia: say('Warning', 'Advertencia', 'Предупреждение'),
    },
  },
  indexed: ['attributes.tarjeta', 'attributes.accion', 'attributes.periodo', 'attributes.estado_cierre'],
  retention: 'forever',
  recent: { indexes: [['subject'], ['attributes.periodo'], ['subject', 'attributes.periodo']] },
  admission: closingAdmission,
  // A manager reads all entries of this pack and none of other packs. Users of a type that is not listed read nothing.
  roles: { gerente: ['read.pack', 'export', 'activity.read'] },
  errors: {
    member: 'error',
    texts: {
      forbidden: 'Acceso denegado',
      unauthenticated: 'No autenticado',
      not_found: 'No encontrado',
      invalid_parameter: 'El parámetro {parameter} no es válido',
      malformed_body: 'El cuerpo de la solicitud no se puede leer',
      body_too_large: 'El cuerpo de la solicitud es demasiado grande',
      conflict: 'Ya existe otro registro con ese identificador',
      events_rejected: 'El registro no es válido: {parameter}',
      too_many_requests: 'Demasiadas solicitudes: inténtelo de nuevo más tarde',
      unavailable: 'El servicio no está disponible en este momento: inténtelo de nuevo más tarde',
      storage_full: 'El servicio no está disponible en este momento: inténtelo de nuevo más tarde',
      internal: 'El servidor no pudo responder',
    },
  },
  loggers: closingLogger,
  arguments: { registrarActividadTarjeta: activityParams },
  fieldNames: {
    'client.ip': 'ip_address',
    'actor.id': 'usuario',
    'subject.id': 'cliente_id',
    'target.id': 'periodo',
    description: 'descripcion',
  },
  views: {
    activity: {
      labels: say('Recent activity', 'Actividad Reciente', 'Недавние действия'),
      columns: ['at', 'subject', 'attributes.periodo', 'attributes.tarjeta', 'attributes.accion', 'actor'],
      filters: ['subject', 'attributes.periodo', 'attributes.tarjeta', 'attributes.accion', 'actor'],
    },
  },
  routes: [
    packRoute({
      method: 'GET',
      path,
      params: listParams,
      permission: 'activity.read',
      plan(params) {
        const wrongName = idParams.find((name) => !isId(params[name]));
        if (wrongName !== undefined) return notAnId(wrongName);
        const { page_size: limit } = params;
        const offset = offsetOf(params);
        return { page: { read: 'search', filters: filtersOf(params), offset, limit, count: true } };
      },
      shape: ({ page }, params) => activityPage(page, params),
    }),
    packRoute({
      method: 'POST',
      path,
      params: activityParams,
      status: 201,
      permission: 'activity.write',
      plan: (params) => ({ entry: { read: 'append', event: activityEvent(activityOf(params)) } }),
      shape: ({ entry }) => activityRow(entry),
    }),
  ],
  examples: [
    activityEvent({
      cliente_id: 12,
      periodo: '2026-02',
      tarjeta: 'clasificacion',
      accion: 'upload',
      descripcion: 'Archivo subido',
      usuario: 7,
      detalles: { archivo: 'plan.xlsx' },
      ip_address: '192.0.2.10',
    }),
  ],
});
