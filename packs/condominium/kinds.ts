import type { Level, Operation } from '@bitacora/event';
import type { Actions, Labels } from '@bitacora/pack-kit';

const module = 'condominio';
const labels = (es: string, ru: string, en: string): Labels => ({ en, es, ru });

/**
 * A kind of activity (`tipo_actividad`) of the hosts: the action of its events, and the operation and level of events that
 * have none.
 */
export type Kind = {
  readonly action: string;
  readonly operation: Operation;
  readonly level: Level;
  readonly labels: Labels;
};

export const kinds = {
  login: {
    action: 'session.login',
    operation: 'execute',
    level: 'medium',
    labels: labels('Inicio de sesión', 'Вход', 'Sign-in'),
  },
  logout: {
    action: 'session.logout',
    operation: 'execute',
    level: 'low',
    labels: labels('Cierre de sesión', 'Выход', 'Sign-out'),
  },
  crear: {
    action: 'object.create',
    operation: 'create',
    level: 'medium',
    labels: labels('Creación', 'Создание', 'Creation'),
  },
  actualizar: {
    action: 'object.update',
    operation: 'update',
    level: 'medium',
    labels: labels('Actualización', 'Изменение', 'Update'),
  },
  eliminar: {
    action: 'object.delete',
    operation: 'delete',
    level: 'high',
    labels: labels('Eliminación', 'Удаление', 'Deletion'),
  },
  pago: {
    action: 'payment.register',
    operation: 'create',
    level: 'high',
    labels: labels('Pago', 'Платёж', 'Payment'),
  },
  cambio_perfil: {
    action: 'profile.update',
    operation: 'update',
    level: 'medium',
    labels: labels('Cambio de perfil', 'Изменение профиля', 'Profile change'),
  },
  cambio_rol: {
    action: 'role.change',
    operation: 'update',
    level: 'high',
    labels: labels('Cambio de rol', 'Изменение роли', 'Role change'),
  },
  error_sistema: {
    action: 'system.error',
    operation: 'execute',
    level: 'critical',
    labels: labels('Error del sistema', 'Системная ошибка', 'System error'),
  },
  acceso_denegado: {
    action: 'access.denied',
    operation: 'execute',
    level: 'high',
    labels: labels('Acceso denegado', 'Доступ запрещён', 'Access denied'),
  },
  sesion_cerrada: {
    action: 'session.closed',
    operation: 'update',
    level: 'medium',
    labels: labels(
      'Sesión cerrada por un administrador',
      'Сеанс закрыт администратором',
      'Session closed by an administrator',
    ),
  },
  sesion_expirada: {
    action: 'session.expired',
    operation: 'execute',
    level: 'low',
    labels: labels('Sesión expirada', 'Сеанс истёк', 'Session expired'),
  },
} as const satisfies Record<string, Kind>;

/** The action of all kinds that hosts add; an attribute of the event has the kind. */
export const otherAction = 'activity.register';

/** The kind of that name; undefined when it is not one of the declared kinds. */
export function declaredKind(name: string): Kind | undefined {
  return Object.entries(kinds).find(([kindName]) => kindName === name)?.[1];
}

/** The kind of an event whose attributes do not have one. */
export function kindOfAction(action: string): string | undefined {
  if (action === 'session.login_failed') return 'login';
  return Object.entries(kinds).find(([, kind]) => kind.action === action)?.[0];
}

const failedLabels = labels('Inicio de sesión fallido', 'Неудачный вход', 'Failed sign-in');

/** The actions of all kinds. */
export const actions: Actions = {
  ...Object.fromEntries(Object.values(kinds).map(({ action, ...rest }) => [action, { ...rest, module }])),
  'session.login_failed': { operation: 'execute', level: 'high', module, labels: failedLabels },
  [otherAction]: { operation: 'execute', module, labels: labels('Actividad', 'Действие', 'Activity') },
};
