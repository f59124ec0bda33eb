import { definePack } from '@bitacora/pack-kit';
import { activityAdmission } from './activity-admission.ts';
import { activityEvent } from './activity-event.ts';
import { activityRoutes } from './activity-routes.ts';
import { auditLogger } from './audit-logger.ts';
import { demoActivity } from './demo.ts';
import { levelLabels } from './importance.ts';
import { actions, kinds } from './kinds.ts';
import { fieldNames, loggerArguments } from './logger-arguments.ts';
import { sessionRoutes } from './session-routes.ts';
import { statisticsRoutes } from './statistics-routes.ts';

export { auditLogger } from './audit-logger.ts';

const say = (en: string, es: string, ru: string) => ({ en, es, ru });
const ownPermissions = ['read', 'registros.read', 'sesiones.read', 'sesiones.close'];

/**
 * The audit trail of a condominium: the activity and sessions of administrators, residents and guards, and statistics per
 * day.
 */
export const condominium = definePack({
  name: 'condominium',
  actions,
  labels: {
    level: levelLabels,
    'attributes.tipo_actividad': Object.fromEntries(
      Object.entries(kinds).map(([name, { labels }]) => [name, labels]),
    ),
  },
  personal: { personal: ['attributes.username', 'attributes.datos_adicionales'] },
  indexed: ['attributes.tipo_actividad'],
  sessions: {
    open: ['session.login'],
    close: { 'session.logout': 'logout', 'session.expired': 'expiry', 'session.closed': 'administrator' },
    secret: true,
  },
  admission: activityAdmission,
  roles: {
    admin: [
      ...ownPermissions,
      'administrator',
      'registros.summary',
      'registros.export',
      'sesiones.patterns',
      'estadisticas.read',
      'estadisticas.build',
    ],
    resident: ownPermissions,
    security: ownPermissions,
  },
  errors: {
    member: 'detail',
    texts: {
      unauthenticated: 'Las credenciales de autenticación no se proveyeron.',
      not_found: 'No encontrado.',
      forbidden: 'Usted no tiene permiso para realizar esta acción.',
      invalid_parameter: 'El parámetro {parameter} no es válido.',
      malformed_body: 'El cuerpo de la solicitud no se puede leer.',
      body_too_large: 'El cuerpo de la solicitud es demasiado grande.',
      conflict: 'Ya existe otro registro con ese identificador.',
      events_rejected: 'El registro no es válido: {parameter}.',
      too_many_requests: 'Demasiadas solicitudes: inténtelo de nuevo más tarde.',
      unavailable: 'El servicio no está disponible en este momento: inténtelo de nuevo más tarde.',
      storage_full: 'El servicio no está disponible en este momento: inténtelo de nuevo más tarde.',
      internal: 'El servidor no pudo responder.',
    },
  },
  loggers: auditLogger,
  arguments: loggerArguments,
  fieldNames,
  routes: [...activityRoutes, ...sessionRoutes, ...statisticsRoutes],
  commands: {
    'stats build': {
      route: 'POST /api/audit/estadisticas/generar/',
      options: { date: 'fecha' },
      labels: say('Statistics of a day', 'Estadísticas de un día', 'Статистика за день'),
    },
  },
  views: {
    activity: {
      labels: say('Audit entries', 'Registros de Auditoría', 'Записи аудита'),
      columns: ['at', 'actor', 'attributes.tipo_actividad', 'description', 'level', 'outcome'],
      filters: ['attributes.tipo_actividad', 'level', 'outcome', 'actor'],
    },
  },
  demo: demoActivity,
  examples: [
    activityEvent({
      usuario: { id: 1, username: 'admin', email: 'admin@condominio.com', role: 'admin' },
      tipo_actividad: 'login',
      descripcion: 'Inicio de sesión exitoso para admin',
      nivel_importancia: 'medio',
      ip_address: '192.168.1.100',
      token_session: '9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b',
      datos_adicionales: { rol: 'admin', metodo: 'POST', endpoint: '/api/auth/login/' },
    }),
    activityEvent({ usuario: 7, tipo_actividad: 'reserva_area', descripcion: 'Reserva del quincho' }),
  ],
});
