import { definePack, type Params, type ParamValues, type Refused } from '@bitacora/pack-kit';
import { activityEvent, results, type Activity } from './activity.ts';
import { closingLogger } from './closing-logger.ts';
import { activityPage, activityRow, filtersOf, pageOf } from './activity-list.ts';
import { closingAdmission } from './closing-admission.ts';

export { closingLogger };

const say = (en: string, es: string, ru: string) => ({ en, es, ru });
const path = '/api/contabilidad/logs-actividad/';

const listParams: Params = {
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
};

const activityParams: Params = {
  cliente_id: { in: 'body', type: 'scalar', required: true },
  periodo: { in: 'body', type: 'string', required: true },
  tarjeta: { in: 'body', type: 'string', required: true },
  accion: { in: 'body', type: 'string', required: true },
  descripcion: { in: 'body', type: 'string', min: 0, max: 20_000, required: true },
  usuario: { in: 'body', type: 'scalar' },
  detalles: { in: 'body', type: 'json' },
  resultado: { in: 'body', type: { enum: results } },
  ip_address: { in: 'body', type: 'string' },
};

const idParams = ['cliente_id', 'usuario_id'] as const;

/** Hosts count their clients and users, or give them ids with a digit in them, such as UUIDs. */
function isId(value: ParamValues[string]): boolean {
  return typeof value !== 'string' || /^(?=.*\d)[\p{L}\d][\p{L}\d_:@-]*$/u.test(value);
}

function notAnId(parameter: string): Refused {
  return { refused: { code: 'invalid_parameter', parameter, detail: `${parameter} no es un id` } };
}

/** Accounting firms close a client's period card by card; who did what on which card is kept without end. */
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
    ...{ cliente_id: 'json', periodo: 'string', tarjeta: 'string', accion: 'string', detalles: 'json' },
    ...{ resultado: { enum: results }, usuario_id: 'json', estado_cierre: 'string' },
    // Of an entry that was imported: its number in the table it comes from.
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
  // A manager reads what everybody did here and nothing of other packs; whose type has no line here reads none of it.
  roles: { gerente: ['read.pack', 'export', 'activity.read'] },
  errors: { member: 'error', texts: { forbidden: 'Acceso denegado', unauthenticated: 'No autenticado' } },
  loggers: closingLogger,
  arguments: { registrarActividadTarjeta: activityParams },
  fieldNames: {
    ...{ 'client.ip': 'ip_address', 'actor.id': 'usuario', 'subject.id': 'cliente_id' },
    ...{ 'target.id': 'periodo', description: 'descripcion' },
  },
  views: {
    activity: {
      labels: say('Recent activity', 'Actividad Reciente', 'Недавние действия'),
      columns: ['at', 'subject', 'attributes.periodo', 'attributes.tarjeta', 'attributes.accion', 'actor'],
      filters: ['subject', 'attributes.periodo', 'attributes.tarjeta', 'attributes.accion', 'actor'],
    },
  },
  routes: [
    {
      method: 'GET',
      path,
      params: listParams,
      permission: 'activity.read',
      plan(params) {
        const wrong = idParams.find((name) => !isId(params[name]));
        if (wrong !== undefined) return notAnId(wrong);
        const { page, size } = pageOf(params);
        const offset = (page - 1) * size;
        return { page: { read: 'search', filters: filtersOf(params), offset, limit: size, count: true } };
      },
      shape: ({ page = null }, params) => activityPage(page, params),
    },
    {
      method: 'POST',
      path,
      params: activityParams,
      status: 201,
      permission: 'activity.write',
      plan: (params) => ({
        entry: { read: 'append', event: activityEvent(params as unknown as Activity) },
      }),
      shape: ({ entry = null }) => activityRow(entry as unknown as Parameters<typeof activityRow>[0]),
    },
  ],
  examples: [
    activityEvent({
      ...{ cliente_id: 12, periodo: '2026-02', tarjeta: 'clasificacion', accion: 'upload' },
      ...{ descripcion: 'Archivo subido', usuario: 7, detalles: { archivo: 'plan.xlsx' } },
      ip_address: '192.0.2.10',
    }),
  ],
});
